import { readFileSync } from 'node:fs';
import type * as z from 'zod/mini';
import { bool, option, section, text } from '../confmap/codecs.ts';
import { opaque } from '../confmap/opaque.ts';
import { Opaque } from '../confmap/secret.ts';
import { ConfigError } from '../errors.ts';

/** The `tls` section of a client, with the keys of the Collector's configtls. */
export const CLIENT_TLS = section(
  {
    insecure: option(bool(), false, 'no TLS at all'),
    insecure_skip_verify: option(bool(), false, 'takes any certificate'),
    server_name_override: option(text(), '', 'the name that the certificate must be for'),
    ca_file: option(text(), '', 'PEM file of the authorities to trust, instead of the usual ones'),
    ca_pem: option(text(), '', 'the authorities themselves, instead of `ca_file`'),
    cert_file: option(text(), '', "PEM file of the client's certificate"),
    cert_pem: option(text(), '', 'the certificate itself, instead of `cert_file`'),
    key_file: option(text(), '', 'PEM file of its private key'),
    key_pem: option(opaque(), new Opaque(''), 'the key itself, instead of `key_file`'),
  },
  'TLS to the other side',
);

/** The decoded section. */
export type ClientTls = z.infer<typeof CLIENT_TLS>;

/** What TLS needs of files, read at the start. */
export interface ClientCertificates {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
}

/** Reads the files; `path` is the key of the section. Throws a ConfigError that names key and file. */
export function readClientCertificates(tls: ClientTls, path: string): ClientCertificates {
  const cert = content(tls.cert_file, tls.cert_pem, `${path}::cert_file`);
  const key = content(tls.key_file, tls.key_pem.reveal(), `${path}::key_file`);
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigError(path, 'a client certificate needs both cert and key');
  }
  return { cert, key, ca: content(tls.ca_file, tls.ca_pem, `${path}::ca_file`) };
}

function content(file: string, pem: string, path: string): Buffer | undefined {
  if (pem !== '') return Buffer.from(pem);
  if (file === '') return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError(path, `cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
