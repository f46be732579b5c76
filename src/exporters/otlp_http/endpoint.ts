import { ConfigError } from '../../errors.ts';
import type { Config } from './config.ts';

/** Where requests go: `metrics_endpoint`, or `endpoint` with /v1/metrics. Throws a ConfigError. */
export function urlOf(config: Config, path: string): URL {
  const text = config.metrics_endpoint || config.endpoint;
  if (text === '') {
    throw new ConfigError(`${path}::endpoint`, "is required, such as 'http://localhost:4318'");
  }
  const key = `${path}::${config.metrics_endpoint === '' ? '' : 'metrics_'}endpoint`;
  const url = URL.parse(text);
  if (url?.username || url?.password) {
    throw new ConfigError(key, 'has a login: give it by auth and basicauth with client_auth');
  }
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const advice = "it begins with http:// or https://, such as 'http://localhost:4318'";
    throw new ConfigError(key, `"${text.replace(/[^/]*@/, '...@')}" is no URL: ${advice}`);
  }
  if (config.metrics_endpoint === '') {
    url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/metrics`;
  }
  return url;
}
