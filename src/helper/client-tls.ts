import type { SecureContextOptions } from 'node:tls';
import type * as z from 'zod/mini';
import type { Telemetry } from '../component/telemetry.ts';
import { bool, option, section, text } from '../confmap/codecs.ts';
import { duration } from '../confmap/formats.ts';
import { opaque } from '../confmap/opaque.ts';
import { Opaque } from '../confmap/secret.ts';
import { ConfigError } from '../errors.ts';
import { followConfigFiles, readConfigFile } from './config-file.ts';
import { parseCertificates, parseKey } from './tls-certificates.ts';
import { tlsVersion } from './tls-options.ts';

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
    min_version: option(tlsVersion(), 'TLSv1.2', 'lowest version of TLS: 1.2 or 1.3'),
    max_version: option(tlsVersion(), 'TLSv1.3', 'highest version of TLS'),
    reload_interval: option(
      duration(),
      60_000,
      'how often the files are looked at besides when they are seen to change; 0s: never',
    ),
  },
  'TLS to the other side',
);

/** The decoded section. */
export type ClientTls = z.infer<typeof CLIENT_TLS>;

/** The certificates of a client. */
export interface ClientCertificates {
  /** What was read at the start. */
  readonly options: SecureContextOptions;
  /** Gives what it finds in changed files to `use`; what does not serve is said once and left. */
  follow(use: (options: SecureContextOptions) => void): { close(): void };
}

/** True where a connection has no TLS unless its endpoint asks for it. */
export function isPlainByDefault({ insecure, ca_file, ca_pem }: ClientTls): boolean {
  return insecure && ca_file === '' && ca_pem === '';
}

/** Reads the files; `path` is the key of the section. Throws a ConfigError that names key and file. */
export function createClientCertificates(
  tls: ClientTls,
  path: string,
  telemetry: Telemetry,
): ClientCertificates {
  return {
    options: readCertificates(tls, path),
    follow(use) {
      const paths = [tls.cert_file, tls.key_file, tls.ca_file].filter(Boolean);
      const followed = { paths, key: path, intervalMillis: tls.reload_interval, telemetry };
      if (paths.length === 0) return { close() {} };
      return followConfigFiles(followed, () => use(readCertificates(tls, path)));
    },
  };
}

function readCertificates(tls: ClientTls, path: string): SecureContextOptions {
  const cert = contentOf(tls, path, 'cert');
  const key = contentOf(tls, path, 'key');
  const ca = contentOf(tls, path, 'ca');
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigError(path, 'a client certificate needs both cert and key');
  }
  if (ca !== undefined) parseCertificates(ca.text, ca.key, tls.ca_file);
  if (cert !== undefined && key !== undefined) {
    const [leaf] = parseCertificates(cert.text, cert.key, tls.cert_file);
    if (!leaf?.checkPrivateKey(parseKey(key.text, key.key, tls.key_file))) {
      throw new ConfigError(key.key, `${tls.key_file} is not the key of ${cert.key}`.trim());
    }
  }
  if (tls.min_version > tls.max_version) {
    throw new ConfigError(`${path}::max_version`, 'is below min_version');
  }
  return {
    ...(ca && { ca: ca.text }),
    ...(cert && { cert: cert.text }),
    ...(key && { key: key.text }),
    ...{ minVersion: tls.min_version, maxVersion: tls.max_version },
  };
}

function contentOf(
  tls: ClientTls,
  path: string,
  name: 'ca' | 'cert' | 'key',
): { readonly text: string; readonly key: string } | undefined {
  const file = tls[`${name}_file`];
  const pem = name === 'key' ? tls.key_pem.reveal() : tls[`${name}_pem`];
  if (file === '' && pem === '') return undefined;
  if (file !== '' && pem !== '') {
    throw new ConfigError(path, `has both ${name}_file and ${name}_pem; give one`);
  }
  const key = `${path}::${name}_${file === '' ? 'pem' : 'file'}`;
  return { text: pem || readConfigFile(file, key), key };
}
