import type * as z from 'zod/mini';
import { int, oneOf, option, record, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { opaque } from '../../confmap/opaque.ts';
import { CLIENT_TLS } from '../../helper/client-tls.ts';
import { QUEUE_OPTIONS } from '../../helper/exporter/options.ts';

/** Just under the 4 MiB that most servers take. */
const MAX_REQUEST_BYTES = 4 * 2 ** 20 - 64 * 1024;

/** The options of the otlp_http exporter, under the Collector's names. */
export const CONFIG = section({
  endpoint: option(text(), '', 'base URL, to which `/v1/metrics` is added'),
  metrics_endpoint: option(text(), '', 'the whole URL, instead of `endpoint`'),
  encoding: option(oneOf('proto', 'json'), 'proto', '`proto` or `json`'),
  tls: CLIENT_TLS,
  headers: option(record(opaque()), {}, 'headers that go with each request'),
  compression: option(oneOf('gzip', 'none', ''), 'gzip', '`gzip` or `none`'),
  timeout: option(duration(), 30_000, 'longest attempt'),
  proxy_url: option(text(), '', 'proxy to send through'),
  max_request_bytes: option(
    int({ min: 1024 }),
    MAX_REQUEST_BYTES,
    'requests are split below this size, uncompressed',
  ),
  ...QUEUE_OPTIONS,
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
