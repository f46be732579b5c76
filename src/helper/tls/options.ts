import type * as z from 'zod/mini';
import { createFormat } from '../../confmap/codec.ts';
import { bool, option, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { WITH_EXPANSION } from '../../confmap/json-schema.ts';
import { opaque } from '../../confmap/opaque.ts';
import { Opaque } from '../../confmap/secret.ts';
import { optionalSection } from '../optional-section.ts';

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
    ...bothSides(),
  },
  'TLS; absent means none',
);

/** The decoded `tls` section; undefined when it is absent. */
export type ServerTls = z.infer<typeof SERVER_TLS>;

/** The `tls` section of a client, with the keys of the Collector's configtls. */
export const CLIENT_TLS = section(
  {
    insecure: option(bool(), false, 'no TLS, where the endpoint does not say and no CA is given'),
    insecure_skip_verify: option(bool(), false, 'takes any certificate'),
    server_name_override: option(text(), '', 'the name that the certificate must be for'),
    ca_file: option(text(), '', 'PEM file of the authorities to trust, instead of the usual ones'),
    ca_pem: option(text(), '', 'the authorities themselves, instead of `ca_file`'),
    cert_file: option(text(), '', "PEM file of the client's certificate"),
    cert_pem: option(text(), '', 'the certificate itself, instead of `cert_file`'),
    key_file: option(text(), '', 'PEM file of its private key'),
    key_pem: option(opaque(), new Opaque(''), 'the key itself, instead of `key_file`'),
    ...bothSides(),
  },
  'TLS to the other side',
);

/** The decoded section. */
export type ClientTls = z.infer<typeof CLIENT_TLS>;

function bothSides() {
  return {
    min_version: option(tlsVersion(), 'TLSv1.2', 'lowest version of TLS: 1.2 or 1.3'),
    max_version: option(tlsVersion(), 'TLSv1.3', 'highest version of TLS'),
    reload_interval: option(
      duration(),
      60_000,
      'how often the files are looked at besides when they are seen to change; 0s: never',
    ),
  };
}

/** True where a connection has no TLS unless its endpoint asks for it. */
export function isPlainByDefault({ insecure, ca_file, ca_pem }: ClientTls): boolean {
  return insecure && ca_file === '' && ca_pem === '';
}

function tlsVersion() {
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
