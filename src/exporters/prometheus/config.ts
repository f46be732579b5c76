import type * as z from 'zod/mini';
import { bool, duration, endpoint, section, withDefault } from '../../confmap/codecs.ts';

/** The options of the prometheus exporter. */
export const CONFIG = section({
  endpoint: withDefault(endpoint(), { host: 'localhost', port: 9464 }),
  /** Prints the time of each read; gone series then linger in Prometheus for five minutes. */
  send_timestamps: withDefault(bool(), false),
  /** How long a source on a timer may be silent before its rows go. */
  metric_expiration: withDefault(duration(), 300_000),
  /** Makes the receivers with `collection_interval: 0s` read for each scrape. */
  collect_on_scrape: withDefault(bool(), false),
  /** How old a collection may be to serve another scrape. */
  max_age: withDefault(duration(), 1_000),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
