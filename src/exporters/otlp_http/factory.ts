import type { Exporter } from '../../component/component.ts';
import type { ExporterFactory, Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { readClientCertificates } from '../../helper/client-tls.ts';
import { createPushExporter } from '../../helper/exporter/exporter.ts';
import type { ExportRequest } from '../../helper/exporter/request.ts';
import type { Batch } from '../../pdata/batch.ts';
import { jsonRequests } from '../../pdata/otlp/json.ts';
import { encodeRequests } from '../../pdata/otlp/request.ts';
import { openClient } from './client.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';

/** Makes otlp_http exporters. */
export const otlpHttp: ExporterFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createOtlpHttpExporter,
};

const SCOPE = { name: 'sandgauge', version: '' };

function createOtlpHttpExporter(settings: Settings, config: Config): Exporter {
  const path = `exporters::${settings.id.text}`;
  const url = urlOf(config, path);
  const certificates = readClientCertificates(config.tls, `${path}::tls`);
  return createPushExporter(settings, {
    encode,
    open: () => openClient(config, url, certificates),
    timeoutMillis: config.timeout,
    queue: config.sending_queue,
    retry: config.retry_on_failure,
  });

  function encode({ points }: Batch): ExportRequest[] {
    const { encoding, max_request_bytes: maxBytes } = config;
    return encoding === 'json'
      ? jsonRequests(points, SCOPE, maxBytes)
      : encodeRequests(points, SCOPE, maxBytes);
  }
}

function urlOf(config: Config, path: string): URL {
  const text = config.metrics_endpoint || config.endpoint;
  if (text === '') {
    throw new ConfigError(`${path}::endpoint`, "is required, such as 'http://localhost:4318'");
  }
  const key = config.metrics_endpoint === '' ? 'endpoint' : 'metrics_endpoint';
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const advice = "it begins with http:// or https://, such as 'http://localhost:4318'";
    throw new ConfigError(`${path}::${key}`, `"${text}" is no URL: ${advice}`);
  }
  if (key === 'endpoint') url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/metrics`;
  return url;
}
