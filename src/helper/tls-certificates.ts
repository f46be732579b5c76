import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import type { Telemetry } from '../component/telemetry.ts';
import { ConfigError } from '../errors.ts';
import { followConfigFiles, readConfigFile, unreadable } from './config-file.ts';
import type { ServerTls } from './tls-options.ts';

/** The certificates of a server. */
export interface Certificates {
  /** What the server starts with. */
  readonly options: SecureContextOptions;
  /** Gives what it finds in changed files to `use`; what does not serve is said once and left. */
  follow(use: (options: SecureContextOptions) => void): void;
  close(): void;
}

type Config = NonNullable<ServerTls>;

/** Others' rights, and those of the group but reading. */
const TOO_OPEN = 0o037;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Reads the certificates. Throws a ConfigError that names the key below `keyPath` and the file. */
export function createCertificates(
  config: Config,
  keyPath: string,
  telemetry: Telemetry,
): Certificates {
  const options = readCertificates(config, keyPath);
  let watching: { close(): void } | undefined;
  return { options, follow, close: () => watching?.close() };

  function follow(use: (options: SecureContextOptions) => void): void {
    const paths = [config.cert_file, config.key_file, config.client_ca_file].filter(Boolean);
    const intervalMillis = config.reload_interval;
    watching = followConfigFiles({ paths, key: keyPath, intervalMillis, telemetry }, () =>
      use(readCertificates(config, keyPath)),
    );
  }
}

function readCertificates(config: Config, keyPath: string): SecureContextOptions {
  const keyOf = (name: 'cert' | 'key') => (String(config[`${name}_pem`]) === '' ? 'file' : 'pem');
  for (const name of ['cert', 'key'] as const) {
    const given = [config[`${name}_file`], String(config[`${name}_pem`])].filter(Boolean).length;
    const [file, pem] = [`${name}_file`, `${name}_pem`];
    if (given === 0) throw new ConfigError(keyPath, `needs ${file} or ${pem}`);
    if (given === 2) throw new ConfigError(keyPath, `has both ${file} and ${pem}; give one`);
  }
  const certKey = `${keyPath}::cert_${keyOf('cert')}`;
  const keyKey = `${keyPath}::key_${keyOf('key')}`;
  const caKey = `${keyPath}::client_ca_file`;
  if (config.key_file !== '') checkRights(config.key_file, keyKey);
  const cert = config.cert_pem || readConfigFile(config.cert_file, certKey);
  const key = config.key_pem.reveal() || readConfigFile(config.key_file, keyKey);
  const ca =
    config.client_ca_file === '' ? undefined : readConfigFile(config.client_ca_file, caKey);
  const [leaf] = parseCertificates(cert, certKey, config.cert_file);
  if (ca !== undefined) parseCertificates(ca, caKey, config.client_ca_file);
  if (!leaf?.checkPrivateKey(parseKey(key, keyKey, config.key_file))) {
    throw new ConfigError(keyKey, `${config.key_file} is not the key of ${certKey}`.trim());
  }
  if (config.min_version > config.max_version) {
    throw new ConfigError(`${keyPath}::max_version`, 'is below min_version');
  }
  const versions = { minVersion: config.min_version, maxVersion: config.max_version };
  return { cert, key, ...(ca === undefined ? {} : { ca }), ...versions };
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

/** Every certificate of a PEM text, and at least one. Throws a ConfigError with `key` and `path`. */
export function parseCertificates(pem: string, key: string, path: string): X509Certificate[] {
  try {
    const found = (pem.match(CERTIFICATE) ?? []).map((each) => new X509Certificate(each));
    if (found.length > 0) return found;
  } catch {
    // OpenSSL's own words add nothing that a reader of the configuration knows.
  }
  throw new ConfigError(key, `${path || 'the text'} holds no valid PEM certificate`);
}

/** The private key of a PEM text. Throws a ConfigError with `key` and `path`. */
export function parseKey(pem: string, key: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    const hint = pem.includes('ENCRYPTED') ? ': it is encrypted' : '';
    throw new ConfigError(key, `${path || 'the text'} holds no usable PEM private key${hint}`);
  }
}
