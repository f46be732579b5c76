import type * as z from 'zod/mini';
import { option, section, text } from '../../confmap/codecs.ts';
import { opaque } from '../../confmap/opaque.ts';
import { Opaque } from '../../confmap/secret.ts';

/** The options of the basicauth extension. */
export const CONFIG = section({
  htpasswd: section({
    file: option(text(), '', 'file of `user:hash` lines, as htpasswd writes; read anew on change'),
    inline: option(opaque(), new Opaque(''), 'such lines; they win over those of `file`'),
  }),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
