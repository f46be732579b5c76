import {
  type Authenticator,
  type ClientAuthenticator,
  isAuthenticator,
  isClientAuthenticator,
} from '../component/authenticator.ts';
import type { Extension, Host } from '../component/component.ts';
import { option, text } from '../confmap/codecs.ts';
import { ConfigError } from '../errors.ts';
import { optionalSection } from './optional-section.ts';

type Extensions = Pick<Host, 'extension'>;

/** The `auth` section of a client. */
export const CLIENT_AUTH = optionalSection(
  { authenticator: option(text(), '', 'id of the extension that has the credentials') },
  'what to log in with; absent means nothing',
);

/** The extension that judges those who ask. Throws a ConfigError that names `key` and extension. */
export function findAuthenticator(host: Extensions, id: string, key: string): Authenticator {
  const found = findExtension(host, id, key);
  if (isAuthenticator(found)) return found;
  const advice = 'basicauth does by htpasswd, not by client_auth; bearertokenauth does';
  throw new ConfigError(key, `extensions::${id} does not authenticate others: ${advice}`);
}

/** The extension with a client's credentials. Throws a ConfigError that names `key` and extension. */
export function findClientAuthenticator(
  host: Extensions,
  id: string,
  key: string,
): ClientAuthenticator {
  const found = findExtension(host, id, key);
  if (isClientAuthenticator(found)) return found;
  const advice = 'basicauth has by client_auth, not by htpasswd; bearertokenauth has';
  throw new ConfigError(key, `extensions::${id} has no credentials for a client: ${advice}`);
}

function findExtension(host: Extensions, id: string, key: string): Extension {
  if (id === '') throw new ConfigError(key, 'must name an extension that authenticates');
  const found = host.extension(id, 'exact');
  if (found !== undefined) return found;
  throw new ConfigError(key, `no extension "${id}" runs: is it in service::extensions?`);
}
