import type { Credentials } from '../../component/authenticator.ts';
import type { Host } from '../../component/component.ts';
import type { Telemetry } from '../../component/telemetry.ts';
import { findClientAuthenticator } from '../authenticators.ts';
import { isLoopback } from './proxy.ts';

/**
 * What an exporter logs in with by its `auth`, undefined for nothing; `path` is the key of the
 * exporter. Throws a ConfigError where the host lacks the extension.
 */
export function findCredentials(
  host: Host,
  auth: { readonly authenticator: string } | undefined,
  url: URL,
  path: string,
  telemetry: Telemetry,
): (() => Credentials) | undefined {
  if (auth === undefined) return undefined;
  const key = `${path}::auth::authenticator`;
  const { credentials } = findClientAuthenticator(host, auth.authenticator, key);
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    const advice = 'Credentials are sent to another machine without TLS';
    telemetry.logger.warn(advice, { key: `${path}::auth`, address: url.host });
  }
  return credentials;
}
