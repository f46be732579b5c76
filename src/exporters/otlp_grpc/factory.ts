import type { Exporter, Host } from '../../component/component.ts';
import type { ExporterFactory, Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { findClientAuthenticator } from '../../helper/authenticators.ts';
import { createPushExporter } from '../../helper/exporter/exporter.ts';
import { headersOf } from '../../helper/exporter/headers.ts';
import { renewOnChange } from '../../helper/exporter/renew.ts';
import type { Connection } from '../../helper/exporter/request.ts';
import { createClientCertificates } from '../../helper/tls/certificates.ts';
import { isPlainByDefault } from '../../helper/tls/options.ts';
import { encodeRequests } from '../../pdata/otlp/request.ts';
import { loadClient } from './client.ts';
import { CONFIG, type Config } from './config.ts';
import { targetOf } from './endpoint.ts';
import { METADATA } from './metadata.ts';

/** Makes otlp_grpc exporters. */
export const otlpGrpc: ExporterFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createOtlpGrpcExporter,
};

function createOtlpGrpcExporter(settings: Settings, config: Config): Exporter {
  const path = `exporters::${settings.id.text}`;
  const { auth, max_request_bytes: maxRequestBytes } = config;
  const target = targetOf(config.endpoint, isPlainByDefault(config.tls), path);
  const headers = headersOf(config.headers, path);
  const certificates = createClientCertificates(config.tls, `${path}::tls`, settings.telemetry);
  if (auth !== undefined && target.isPlain) {
    const advice = 'take away tls::insecure or http://';
    throw new ConfigError(`${path}::auth`, `credentials are not sent without TLS: ${advice}`);
  }
  return createPushExporter(settings, {
    encode: ({ points }, allocate, maxBytes) => encodeRequests(points, maxBytes, allocate),
    maxRequestBytes,
    open,
    // The call itself has the deadline, which the other side then knows.
    timeoutMillis: 0,
    queue: config.sending_queue,
    retry: config.retry_on_failure,
  });

  async function open(host: Host): Promise<Connection> {
    const key = `${path}::auth::authenticator`;
    const credentials = auth && findClientAuthenticator(host, auth.authenticator, key).credentials;
    const client = await loadClient(config, { target, headers, credentials });
    return renewOnChange(certificates, client);
  }
}
