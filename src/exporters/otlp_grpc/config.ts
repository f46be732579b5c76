import type * as z from 'zod/mini';
import { bool, option, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { PUSH_OPTIONS } from '../../helper/exporter/options.ts';

/** The options of the otlp_grpc exporter, under the Collector's names. */
export const CONFIG = section({
  endpoint: option(
    text(),
    '',
    '`host:port`, or with `http://` for plain and `https://` for TLS; `dns:///`, `unix:///`',
  ),
  timeout: option(duration(), 5_000, 'longest attempt; `0s`: no bound'),
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
  ...PUSH_OPTIONS,
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
