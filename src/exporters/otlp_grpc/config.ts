import type * as z from 'zod/mini';
import { bool, int, oneOf, option, record, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { opaque } from '../../confmap/opaque.ts';
import { CLIENT_TLS } from '../../helper/client-tls.ts';
import { QUEUE_OPTIONS } from '../../helper/exporter/options.ts';

/** Just under the 4 MiB that most servers take. */
const MAX_REQUEST_BYTES = 4 * 2 ** 20 - 64 * 1024;

/** The options of the otlp_grpc exporter, under the Collector's names. */
export const CONFIG = section({
  endpoint: option(text(), '', '`host:port`, or with `http://` for plain and `https://` for TLS'),
  tls: CLIENT_TLS,
  headers: option(record(opaque()), {}, 'metadata that goes with each request'),
  compression: option(oneOf('gzip', 'none', ''), 'gzip', '`gzip` or `none`'),
  timeout: option(duration(), 5_000, 'longest attempt'),
  wait_for_ready: option(bool(), false, 'waits for a connection instead of failing at once'),
  authority: option(text(), '', 'the `:authority` header, instead of the endpoint'),
  keepalive: section(
    {
      time: option(
        duration(),
        0,
        'how long a connection is silent before it is pinged; `0s`: never',
      ),
      timeout: option(duration(), 20_000, 'how long an answer to a ping may take'),
      permit_without_stream: option(bool(), false, 'pings also while nothing is sent'),
    },
    'pings of a silent connection',
  ),
  max_request_bytes: option(
    int({ min: 1024 }),
    MAX_REQUEST_BYTES,
    'requests are split below this size, uncompressed',
  ),
  ...QUEUE_OPTIONS,
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
