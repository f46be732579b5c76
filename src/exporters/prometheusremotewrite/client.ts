import type { HttpClientSettings } from '../../helper/exporter/http-client.ts';
import type { Config } from './config.ts';

/** As much of an answer as is told in the log. */
const MAX_TOLD = 256;

/** What remote write 1.0 asks of a client besides where to and as whom. */
export function clientSettings(
  { tls }: Config,
  url: URL,
  headers: Readonly<Record<string, string>>,
  version: string,
): Omit<HttpClientSettings, 'proxy' | 'credentials'> {
  return {
    ...{ url, tls },
    headers: {
      'user-agent': `sandgauge/${version}`,
      ...headers,
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    readTaken: () => undefined,
    readRefused(status, body) {
      const reason = body
        .toString()
        .replaceAll(/[^ -~]+/g, ' ')
        .trim()
        .slice(0, MAX_TOLD);
      const message = `remote write to ${url.origin}${url.pathname} returned HTTP status ${status}`;
      return {
        message: reason === '' ? message : `${message}: ${reason}`,
        isRetryable: status === 429 || status >= 500,
      };
    },
  };
}
