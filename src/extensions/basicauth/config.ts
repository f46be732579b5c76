import type * as z from 'zod/mini';
import { option, section, text } from '../../confmap/codecs.ts';
import { opaque } from '../../confmap/opaque.ts';
import { Opaque } from '../../confmap/secret.ts';
import { optionalSection } from '../../helper/optional-section.ts';

/** The options of the basicauth extension. */
export const CONFIG = section({
  htpasswd: optionalSection(
    {
      file: option(
        text(),
        '',
        'file of `user:hash` lines, as htpasswd writes; read anew on change',
      ),
      inline: option(opaque(), new Opaque(''), 'such lines; they win over those of `file`'),
    },
    'who may ask a listener',
  ),
  client_auth: optionalSection(
    {
      username: option(text(), '', 'the name that a client gives'),
      username_file: option(text(), '', 'file of it, instead of `username`; read anew on change'),
      password: option(opaque(), new Opaque(''), 'the password that a client gives'),
      password_file: option(text(), '', 'file of it, instead of `password`; read anew on change'),
    },
    'what an exporter logs in with',
  ),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
/** Those of a listener. */
export type Htpasswd = NonNullable<Config['htpasswd']>;
/** Those of a client. */
export type ClientAuth = NonNullable<Config['client_auth']>;
