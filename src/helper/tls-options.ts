import type * as z from 'zod/mini';
import { createFormat } from '../confmap/codec.ts';
import { option, text } from '../confmap/codecs.ts';
import { duration } from '../confmap/formats.ts';
import { WITH_EXPANSION } from '../confmap/json-schema.ts';
import { opaque } from '../confmap/opaque.ts';
import { Opaque } from '../confmap/secret.ts';
import { optionalSection } from './optional-section.ts';

/** A version of TLS, as `node:tls` names it. */
type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

const VERSIONS: Readonly<Record<string, TlsVersion>> = { '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' };

/** The `tls` section of a server, with the keys of the Collector's configtls; absent is no TLS. */
export const SERVER_TLS = optionalSection(
  {
    cert_file: option(text(), '', 'PEM file of the certificate and what it is signed by'),
    key_file: option(text(), '', 'PEM file of its private key, which others may not read'),
    cert_pem: option(text(), '', 'the certificate itself, instead of `cert_file`'),
    key_pem: option(opaque(), new Opaque(''), 'the key itself, instead of `key_file`'),
    client_ca_file: option(
      text(),
      '',
      'PEM file of authorities: only clients with a certificate of theirs are served',
    ),
    min_version: option(tlsVersion(), 'TLSv1.2', 'lowest version of TLS: 1.2 or 1.3'),
    max_version: option(tlsVersion(), 'TLSv1.3', 'highest version of TLS'),
    reload_interval: option(
      duration(),
      60_000,
      'how often the files are looked at besides when they are seen to change; 0s: never',
    ),
  },
  'TLS; absent means none',
);

/** The decoded `tls` section; undefined when it is absent. */
export type ServerTls = z.infer<typeof SERVER_TLS>;

/** A version of TLS. */
export function tlsVersion() {
  const schema = {
    type: ['string', 'number'],
    anyOf: [
      { enum: ['1.2', '1.3', 1.2, 1.3] },
      { type: ['string', 'null'], pattern: WITH_EXPANSION },
    ],
  };
  return createFormat<TlsVersion>('a TLS version: 1.2 or 1.3', (value) => VERSIONS[String(value)], {
    schema,
    encode: (value) => value.slice(-3),
  });
}
