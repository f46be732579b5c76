import type * as z from 'zod/mini';
import { section } from '../../confmap/codecs.ts';
import { httpServerOptions } from '../../helper/http-server/options.ts';

/** The options of the zpages extension. */
export const CONFIG = section(httpServerOptions({ host: 'localhost', port: 55679 }));

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
