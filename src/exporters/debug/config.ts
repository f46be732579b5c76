import type * as z from 'zod/mini';
import { oneOf, section, withDefault } from '../../confmap/codecs.ts';

/** The options of the debug exporter. */
export const CONFIG = section({
  /** basic counts points, normal prints one line for each, detailed prints every field. */
  verbosity: withDefault(oneOf('basic', 'normal', 'detailed'), 'basic'),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
