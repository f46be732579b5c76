import type { Exporter } from '../../component/component.ts';
import type { ExporterFactory, Settings } from '../../component/factory.ts';
import { readClientCertificates } from '../../helper/client-tls.ts';
import { createPushExporter } from '../../helper/exporter/exporter.ts';
import { encodeRequests } from '../../pdata/otlp/request.ts';
import { openClient } from './client.ts';
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
  const target = targetOf(config.endpoint, config.tls.insecure, path);
  const certificates = readClientCertificates(config.tls, `${path}::tls`);
  const scope = { name: 'sandgauge', version: '' };
  return createPushExporter(settings, {
    encode: ({ points }) => encodeRequests(points, scope, config.max_request_bytes),
    open: () => openClient(config, target, certificates),
    timeoutMillis: config.timeout,
    queue: config.sending_queue,
    retry: config.retry_on_failure,
  });
}
