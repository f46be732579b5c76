import type * as z from 'zod/mini';
import { list, option, section, text } from '../../confmap/codecs.ts';

/** The options of the deltatorate processor, under the Collector's names. */
export const CONFIG = section({
  metrics: option(list(text()), [], 'names of the delta sums that become rates'),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
