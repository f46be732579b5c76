import type * as z from 'zod/mini';
import { bool, float, int, oneOf, option, section } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';

/** The options of every exporter that pushes, under the Collector's names; decoded to ms. */
export const QUEUE_OPTIONS = {
  sending_queue: section(
    {
      enabled: option(bool(), true, 'off sends each batch at once'),
      num_consumers: option(int({ min: 1, max: 1000 }), 10, 'requests that are sent side by side'),
      queue_size: option(int({ min: 1 }), 1000, 'how much may wait, by `sizer`'),
      sizer: option(
        oneOf('requests', 'items', 'bytes'),
        'requests',
        'what `queue_size` counts: requests, data points or encoded bytes',
      ),
      block_on_overflow: option(
        bool(),
        false,
        'a full queue makes senders wait instead of refusing',
      ),
      wait_for_result: option(bool(), false, 'senders wait until their data was sent'),
    },
    'what waits to be sent',
  ),
  retry_on_failure: section(
    {
      enabled: option(bool(), true, 'off drops what fails once'),
      initial_interval: option(duration(), 5_000, 'before the first retry'),
      randomization_factor: option(
        float({ min: 0 }),
        0.5,
        'how far an interval may be off, in parts of it',
      ),
      multiplier: option(float({ min: 0 }), 1.5, 'by how much intervals grow'),
      max_interval: option(duration(), 30_000, 'longest interval'),
      max_elapsed_time: option(duration(), 300_000, 'when to give up; `0s` is never'),
    },
    'what happens to a request that failed',
  ),
};

/** The decoded queue and retry options. */
export type QueueConfig = z.infer<(typeof QUEUE_OPTIONS)['sending_queue']>;
export type RetryConfig = z.infer<(typeof QUEUE_OPTIONS)['retry_on_failure']>;
