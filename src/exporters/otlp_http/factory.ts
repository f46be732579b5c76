import type { Exporter, Host } from '../../component/component.ts';
import type { ExporterFactory, Settings } from '../../component/factory.ts';
import { createPushExporter } from '../../helper/exporter/exporter.ts';
import { headersOf } from '../../helper/exporter/headers.ts';
import { loadHttpClient } from '../../helper/exporter/http-client.ts';
import { findCredentials } from '../../helper/exporter/http-login.ts';
import { proxyFor } from '../../helper/exporter/proxy.ts';
import { renewOnChange } from '../../helper/exporter/renew.ts';
import type { Connection, ExportRequest } from '../../helper/exporter/request.ts';
import { createClientCertificates } from '../../helper/tls/certificates.ts';
import type { Batch } from '../../pdata/batch.ts';
import { jsonRequests } from '../../pdata/otlp/json.ts';
import { encodeRequests } from '../../pdata/otlp/request.ts';
import { clientSettings } from './client.ts';
import { CONFIG, type Config } from './config.ts';
import { urlOf } from './endpoint.ts';
import { METADATA } from './metadata.ts';

/** Makes otlp_http exporters. */
export const otlpHttp: ExporterFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createOtlpHttpExporter,
};

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
    format: encoding,
    maxRequestBytes,
    open,
    timeoutMillis: config.timeout,
    queue: config.sending_queue,
    retry: config.retry_on_failure,
  });

  function encode(
    { points }: Batch,
    allocate: (size: number) => Buffer,
    maxBytes: number,
  ): ExportRequest[] {
    return encoding === 'json'
      ? jsonRequests(points, maxBytes)
      : encodeRequests(points, maxBytes, allocate);
  }

  async function open(host: Host): Promise<Connection> {
    const credentials = findCredentials(host, auth, url, path, telemetry);
    const settings = { ...clientSettings(config, url, headers), proxy, credentials };
    const client = await loadHttpClient(settings);
    return renewOnChange(certificates, client);
  }
}
