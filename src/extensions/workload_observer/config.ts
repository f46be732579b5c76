import type * as z from 'zod/mini';
import { section, text, withDefault } from '../../confmap/codecs.ts';

/** The options of the workload_observer extension. */
export const CONFIG = section({
  /** Where the host's file system begins. */
  root_path: withDefault(text(), '/'),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
