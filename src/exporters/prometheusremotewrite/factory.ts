import type { Exporter, Host } from '../../component/component.ts';
import type { ExporterFactory, Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { createPushExporter } from '../../helper/exporter/exporter.ts';
import { headersOf } from '../../helper/exporter/headers.ts';
import { loadHttpClient } from '../../helper/exporter/http-client.ts';
import { findCredentials } from '../../helper/exporter/http-login.ts';
import { parseHttpUrl } from '../../helper/exporter/http-url.ts';
import { proxyFor } from '../../helper/exporter/proxy.ts';
import { renewOnChange } from '../../helper/exporter/renew.ts';
import type { Connection } from '../../helper/exporter/request.ts';
import { createClientCertificates } from '../../helper/tls/certificates.ts';
import { clientSettings } from './client.ts';
import { CONFIG, type Config } from './config.ts';
import { createEncoder } from './encoder.ts';
import { METADATA } from './metadata.ts';

/** Makes prometheusremotewrite exporters. */
export const prometheusRemoteWrite: ExporterFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createRemoteWriteExporter,
};

function createRemoteWriteExporter(settings: Settings, config: Config): Exporter {
  const { telemetry, id } = settings;
  const path = `exporters::${id.text}`;
  const url = parseHttpUrl(
    config.endpoint,
    `${path}::endpoint`,
    'http://localhost:9090/api/v1/write',
  );
  const proxy = proxyFor(url, config.proxy_url.reveal(), `${path}::proxy_url`, process.env);
  const headers = headersOf(config.headers, path);
  const certificates = createClientCertificates(config.tls, `${path}::tls`, telemetry);
  for (const [name, value] of Object.entries(config.external_labels)) {
    // Without it two hosts may have the same series.
    if (value === '') throw new ConfigError(`${path}::external_labels::${name}`, 'has no value');
  }
  return createPushExporter(settings, {
    encode: createEncoder(settings, config),
    // A series with larger labels is for the other side to judge.
    maxRequestBytes: Number.POSITIVE_INFINITY,
    open,
    timeoutMillis: config.timeout,
    queue: {
      ...config.remote_write_queue,
      num_consumers:
        config.max_batch_request_parallelism || config.remote_write_queue.num_consumers,
      ...{ sizer: 'requests', block_on_overflow: false, wait_for_result: false },
    },
    retry: config.retry_on_failure,
  });

  async function open(host: Host): Promise<Connection> {
    const credentials = findCredentials(host, config.auth, url, path, telemetry);
    const own = clientSettings(config, url, headers, host.version ?? '');
    return renewOnChange(certificates, await loadHttpClient({ ...own, proxy, credentials }));
  }
}
