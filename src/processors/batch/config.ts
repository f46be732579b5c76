import type * as z from 'zod/mini';
import { int, option, section } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';

/** The options of the batch processor, under the Collector's names. */
export const CONFIG = section({
  timeout: option(duration(), 200, 'longest wait; `0s` sends at once'),
  send_batch_size: option(int({ min: 0 }), 8192, 'points that are sent without a wait'),
  send_batch_max_size: option(int({ min: 0 }), 0, 'points of a batch at most; `0` is no limit'),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
