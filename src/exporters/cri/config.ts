import type * as z from 'zod/mini';
import { bool, int, option, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { OBSERVER_OPTIONS } from '../../helper/receiver/options.ts';

/** What crictl and the kubelet take at most. */
const CLIENT_BYTES = 16 * 2 ** 20;

/** The options of the cri exporter. */
export const CONFIG = section({
  endpoint: option(
    text(),
    'unix:///run/sandgauge-cri.sock',
    '`unix:///path` to listen on; the socket is made with mode 0600',
  ),
  collect_on_scrape: option(
    bool(),
    false,
    'makes the receivers with `collection_interval: 0s` read for each request',
  ),
  max_age: option(duration(), 1_000, 'how old a collection may be to serve another request'),
  metric_expiration: option(
    duration(),
    300_000,
    'how long a source on a timer may be silent before its figures go',
  ),
  max_series: option(int({ min: 1 }), 500_000, 'series kept; points of more are refused'),
  max_connections: option(int({ min: 1 }), 64, 'connections at once; more are closed'),
  max_concurrent_requests: option(int({ min: 1 }), 32, 'requests at once on one connection'),
  max_message_size: option(
    int({ min: 1024 }),
    CLIENT_BYTES,
    'bytes of an answer; a larger one is refused with advice',
  ),
  root_path: option(text(), '/', "where the host's file system begins"),
  ...OBSERVER_OPTIONS,
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
