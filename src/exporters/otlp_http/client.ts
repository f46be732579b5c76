import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpClientSettings } from '../../helper/exporter/http-client.ts';
import type { Config } from './config.ts';
import { parsePartial } from './response.ts';

const RETRYABLE = [429, 502, 503, 504];
const compress = promisify(gzip);

/** What OTLP over HTTP asks of a client besides where to and as whom. */
export function clientSettings(
  { encoding, compression, tls }: Config,
  url: URL,
  headers: Readonly<Record<string, string>>,
): Omit<HttpClientSettings, 'proxy' | 'credentials'> {
  const isJson = encoding === 'json';
  const isZipped = compression === 'gzip';
  return {
    ...{ url, tls },
    headers: {
      ...headers,
      'content-type': isJson ? 'application/json' : 'application/x-protobuf',
      ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
    },
    ...(isZipped ? { pack: (bytes) => compress(bytes) } : {}),
    readTaken: (body) => parsePartial(body, isJson),
    readRefused(status) {
      const where = `request to ${url.origin}${url.pathname}`;
      const message = `error exporting items, ${where} responded with HTTP Status Code ${status}`;
      return { message, isRetryable: RETRYABLE.includes(status) };
    },
  };
}
