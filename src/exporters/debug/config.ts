import type * as z from 'zod/mini';
import { oneOf, option, section } from '../../confmap/codecs.ts';

/** The options of the debug exporter. */
export const CONFIG = section({
  verbosity: option(
    oneOf('basic', 'normal', 'detailed'),
    'basic',
    '`basic` counts, `normal` prints one line per point, `detailed` every field',
  ),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
