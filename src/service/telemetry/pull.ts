import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MetricProducer } from '@opentelemetry/sdk-metrics';
import type { Host } from '../../component/component.ts';
import type { Telemetry } from '../../component/telemetry.ts';
import { section } from '../../confmap/codecs.ts';
import { startHttpServer } from '../../helper/http-server/http-server.ts';
import { type HttpServerConfig, httpServerOptions } from '../../helper/http-server/options.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import type { PrometheusConfig } from './config.ts';
import type { Reader } from './reader.ts';

const RETRY_MILLIS = 30_000;
const KEY = 'service::telemetry::metrics::readers::pull::exporter::prometheus';

/**
 * Serves own metrics to Prometheus. An address that cannot be had is said once and tried again: it
 * is no reason not to run.
 */
export async function startPull(
  config: PrometheusConfig,
  producer: MetricProducer,
  host: Host,
  telemetry: Telemetry,
): Promise<Reader> {
  const { PrometheusSerializer } = await import('@opentelemetry/exporter-prometheus');
  const { included, excluded } = config.with_resource_constant_labels;
  const labels = included.length === 0 ? undefined : keyPattern(included, excluded);
  const withoutScope = config.without_scope_info;
  const serializer = new PrometheusSerializer('', false, labels, false, withoutScope);
  const said = createLogOnce(telemetry.logger);
  const stop = new AbortController();
  let close: (() => Promise<void>) | undefined;
  let retry: NodeJS.Timeout | undefined;
  await listen();
  return {
    async shutdown() {
      stop.abort();
      clearTimeout(retry);
      await close?.();
    },
  };

  async function listen(): Promise<void> {
    const endpoint = { host: config.host, port: config.port };
    const options = section(httpServerOptions(endpoint)).parse({}) as HttpServerConfig;
    try {
      const server = await startHttpServer(options, { keyPath: KEY, host, telemetry, handle });
      close = server.close;
      if (stop.signal.aborted) return await close();
      telemetry.logger.info('Serving own metrics', { url: `${server.url}/metrics` });
    } catch (error) {
      if (stop.signal.aborted) return;
      const { message } = error as Error;
      said.trouble('listen', 'Own metrics are not served for now', { error: message });
      retry = setTimeout(() => void listen(), RETRY_MILLIS).unref();
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found. Try /metrics\n');
      return;
    }
    const { resourceMetrics } = await producer.collect();
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end(serializer.serialize(resourceMetrics));
  }
}

/** Keys that one pattern of the first list matches and none of the second. */
function keyPattern(included: readonly string[], excluded: readonly string[]): RegExp {
  const anyOf = (globs: readonly string[]) =>
    globs
      .map((glob) => glob.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*'))
      .join('|');
  const but = excluded.length === 0 ? '' : `(?!(?:${anyOf(excluded)})$)`;
  return new RegExp(`^${but}(?:${anyOf(included)})$`);
}
