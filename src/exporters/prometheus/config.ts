import type * as z from 'zod/mini';
import { bool, option, section } from '../../confmap/codecs.ts';
import { duration, endpoint } from '../../confmap/formats.ts';

/** The options of the prometheus exporter. */
export const CONFIG = section({
  endpoint: option(endpoint(), { host: 'localhost', port: 9464 }, '`host:port` to listen on'),
  collect_on_scrape: option(
    bool(),
    false,
    'makes the receivers with `collection_interval: 0s` read for each scrape',
  ),
  max_age: option(duration(), 1_000, 'how old a collection may be to serve another scrape'),
  send_timestamps: option(
    bool(),
    false,
    'prints the time of each read; gone series then linger in Prometheus for five minutes',
  ),
  metric_expiration: option(
    duration(),
    300_000,
    'how long a source on a timer may be silent before its rows go',
  ),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
