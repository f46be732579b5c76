import type * as z from 'zod/mini';
import { oneOf, option, section } from '../../confmap/codecs.ts';

/** The options of the semconv processor. */
export const CONFIG = section({
  unmapped: option(
    oneOf('keep', 'drop'),
    'keep',
    'what becomes of rows that no convention tells: they keep their names, or are left out',
  ),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
