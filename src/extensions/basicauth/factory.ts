import type { Extension } from '../../component/component.ts';
import type { ExtensionFactory, Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { createClientAuth } from './client.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { createServerAuth } from './server.ts';

/** Makes basicauth extensions. */
export const basicauth: ExtensionFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createBasicAuth,
};

function createBasicAuth(settings: Settings, { htpasswd, client_auth }: Config): Extension {
  const key = `extensions::${settings.id.text}`;
  if (htpasswd !== undefined && client_auth === undefined) {
    return createServerAuth(settings, htpasswd);
  }
  if (client_auth !== undefined && htpasswd === undefined) {
    return createClientAuth(settings, client_auth);
  }
  throw new ConfigError(key, 'give htpasswd, for a listener, or client_auth, for an exporter');
}
