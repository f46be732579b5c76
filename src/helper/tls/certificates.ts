import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import type { Telemetry } from '../../component/telemetry.ts';
import { ConfigError } from '../../errors.ts';
import { followConfigFiles, readConfigFile, unreadable } from '../config-file.ts';
import type { FileWatch } from '../watch-files.ts';
import type { ClientTls, ServerTls } from './options.ts';

/** The certificates of one side. */
export interface Certificates {
  /** What was read at the start. */
  readonly options: SecureContextOptions;
  /** Gives what it finds in changed files to `use`; what does not serve is said once and left. */
  follow(use: (options: SecureContextOptions) => void): FileWatch;
}

interface Pem {
  readonly text: string;
  /** The option that has it. */
  readonly key: string;
  /** Empty where the option holds the text itself. */
  readonly file: string;
}

/** Others' rights, and those of the group but reading. */
const TOO_OPEN = 0o037;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Reads those of a server; `path` is the key of `tls`. Throws a ConfigError with key and file. */
export function createServerCertificates(
  tls: NonNullable<ServerTls>,
  path: string,
  telemetry: Telemetry,
): Certificates {
  return createCertificates(tls, tls.client_ca_file, path, telemetry, () => {
    const cert = readPem(path, 'cert', tls.cert_file, tls.cert_pem);
    if (cert === undefined) throw new ConfigError(path, 'needs cert_file or cert_pem');
    if (tls.key_file !== '') checkRights(tls.key_file, `${path}::key_file`);
    const key = readPem(path, 'key', tls.key_file, tls.key_pem.reveal());
    if (key === undefined) throw new ConfigError(path, 'needs key_file or key_pem');
    return { cert, key, ca: readPem(path, 'client_ca', tls.client_ca_file, '') };
  });
}

/** Reads those of a client; `path` is the key of `tls`. Throws a ConfigError with key and file. */
export function createClientCertificates(
  tls: ClientTls,
  path: string,
  telemetry: Telemetry,
): Certificates {
  return createCertificates(tls, tls.ca_file, path, telemetry, () => {
    const cert = readPem(path, 'cert', tls.cert_file, tls.cert_pem);
    const key = readPem(path, 'key', tls.key_file, tls.key_pem.reveal());
    if ((cert === undefined) !== (key === undefined)) {
      throw new ConfigError(path, 'a client certificate needs both cert and key');
    }
    return { cert, key, ca: readPem(path, 'ca', tls.ca_file, tls.ca_pem) };
  });
}

type Pems = Readonly<Record<'cert' | 'key' | 'ca', Pem | undefined>>;

function createCertificates(
  tls: ClientTls | NonNullable<ServerTls>,
  caFile: string,
  path: string,
  telemetry: Telemetry,
  readPems: () => Pems,
): Certificates {
  const paths = [tls.cert_file, tls.key_file, caFile];
  const followed = { paths, key: path, intervalMillis: tls.reload_interval, telemetry };
  return {
    options: read(),
    follow: (use) => followConfigFiles(followed, () => use(read())),
  };

  function read(): SecureContextOptions {
    const { cert, key, ca } = readPems();
    if (ca !== undefined) parseCertificates(ca);
    if (cert !== undefined && key !== undefined) checkPair(cert, key);
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
}

function readPem(path: string, name: string, file: string, pem: string): Pem | undefined {
  if (file === '' && pem === '') return undefined;
  if (file !== '' && pem !== '') {
    throw new ConfigError(path, `has both ${name}_file and ${name}_pem; give one`);
  }
  const key = `${path}::${name}_${file === '' ? 'pem' : 'file'}`;
  return { text: pem || readConfigFile(file, key), key, file };
}

function checkRights(path: string, key: string): void {
  let mode: number;
  try {
    mode = statSync(path).mode;
  } catch (error) {
    throw unreadable(path, key, error);
  }
  if ((mode & TOO_OPEN) === 0) return;
  const rights = (mode & 0o777).toString(8).padStart(4, '0');
  throw new ConfigError(key, `${path} has rights ${rights}: run chmod 0640 or 0400 on ${path}`);
}

function checkPair(cert: Pem, key: Pem): void {
  const [leaf] = parseCertificates(cert);
  if (leaf?.checkPrivateKey(parseKey(key))) return;
  throw new ConfigError(key.key, `${key.file} is not the key of ${cert.key}`.trim());
}

/** Every certificate of the text, and at least one. */
function parseCertificates({ text, key, file }: Pem): X509Certificate[] {
  try {
    const found = (text.match(CERTIFICATE) ?? []).map((each) => new X509Certificate(each));
    if (found.length > 0) return found;
  } catch {
    // OpenSSL's own words add nothing that a reader of the configuration knows.
  }
  throw new ConfigError(key, `${file || 'the text'} holds no valid PEM certificate`);
}

function parseKey({ text, key, file }: Pem): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    const hint = text.includes('ENCRYPTED') ? ': it is encrypted' : '';
    throw new ConfigError(key, `${file || 'the text'} holds no usable PEM private key${hint}`);
  }
}
