import { parseHttpUrl } from '../../helper/exporter/http-url.ts';
import type { Config } from './config.ts';

const EXAMPLE = 'http://localhost:4318';

/** Where requests go: `metrics_endpoint`, or `endpoint` with /v1/metrics. Throws a ConfigError. */
export function urlOf({ endpoint, metrics_endpoint }: Config, path: string): URL {
  if (metrics_endpoint !== '') {
    return parseHttpUrl(metrics_endpoint, `${path}::metrics_endpoint`, EXAMPLE);
  }
  const url = parseHttpUrl(endpoint, `${path}::endpoint`, EXAMPLE);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/metrics`;
  return url;
}
