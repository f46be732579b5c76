import type { Exporter, Host } from '../../component/component.ts';
import type { ExporterFactory, Settings } from '../../component/factory.ts';
import { findClientAuthenticator } from '../../helper/authenticators.ts';
import { createClientCertificates } from '../../helper/client-tls.ts';
import { createPushExporter } from '../../helper/exporter/exporter.ts';
import { headersOf } from '../../helper/exporter/headers.ts';
import { isLoopback, proxyFor } from '../../helper/exporter/proxy.ts';
import { renewOnChange } from '../../helper/exporter/renew.ts';
import type { Connection, ExportRequest } from '../../helper/exporter/request.ts';
import type { Batch } from '../../pdata/batch.ts';
import { jsonRequests } from '../../pdata/otlp/json.ts';
import { encodeRequests } from '../../pdata/otlp/request.ts';
import { loadClient } from './client.ts';
import { CONFIG, type Config } from './config.ts';
import { urlOf } from './endpoint.ts';
import { METADATA } from './metadata.ts';

/** Makes otlp_http exporters. */
export const otlpHttp: ExporterFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createOtlpHttpExporter,
};

const SCOPE = { name: 'sandgauge', version: '' };

function createOtlpHttpExporter(settings: Settings, config: Config): Exporter {
  const { telemetry, id } = settings;
  const path = `exporters::${id.text}`;
  const { auth, encoding, max_request_bytes: maxRequestBytes } = config;
  const url = urlOf(config, path);
  const proxy = proxyFor(url, config.proxy_url.reveal(), `${path}::proxy_url`, process.env);
  const headers = headersOf(config.headers, path);
  const certificates = createClientCertificates(config.tls, `${path}::tls`, telemetry);
  return createPushExporter(settings, {
    encode,
    maxRequestBytes,
    open,
    timeoutMillis: config.timeout,
    queue: config.sending_queue,
    retry: config.retry_on_failure,
  });

  function encode({ points }: Batch, allocate: (size: number) => Buffer): ExportRequest[] {
    return encoding === 'json'
      ? jsonRequests(points, SCOPE, maxRequestBytes)
      : encodeRequests(points, SCOPE, maxRequestBytes, allocate);
  }

  async function open(host: Host): Promise<Connection> {
    const key = `${path}::auth::authenticator`;
    const credentials = auth && findClientAuthenticator(host, auth.authenticator, key).credentials;
    if (auth !== undefined && url.protocol === 'http:' && !isLoopback(url.hostname)) {
      const advice = 'Credentials are sent to another machine without TLS';
      telemetry.logger.warn(advice, { key: `${path}::auth`, address: url.host });
    }
    const client = await loadClient(config, { url, proxy, headers, credentials });
    return renewOnChange(certificates, client);
  }
}
