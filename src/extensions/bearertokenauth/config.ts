import type * as z from 'zod/mini';
import { list, option, section, text } from '../../confmap/codecs.ts';
import { opaque } from '../../confmap/opaque.ts';
import { Opaque } from '../../confmap/secret.ts';

/** The options of the bearertokenauth extension. */
export const CONFIG = section({
  header: option(text(), 'Authorization', 'the header that has the token'),
  scheme: option(text(), 'Bearer', 'the word before the token; empty where there is none'),
  token: option(opaque(), new Opaque(''), 'the one token that is good'),
  tokens: option(
    list(opaque()),
    [],
    'tokens of which a listener takes each, and a client gives the first',
  ),
  filename: option(text(), '', 'file of such tokens, one on a line; read anew on change'),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
