import type { ClientAuthenticator } from '../../component/authenticator.ts';
import type { Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { followConfigFiles, readConfigFile } from '../../helper/config-file.ts';
import type { ClientAuth } from './config.ts';

/** Logs in with one name and one password (RFC 7617). */
export function createClientAuth(
  { id, telemetry }: Settings,
  config: ClientAuth,
): ClientAuthenticator {
  const key = `extensions::${id.text}::client_auth`;
  let value = '';
  let following: { close(): void } | undefined;
  return {
    credentials: () => ({ header: 'authorization', value }),
    async start() {
      value = read();
      const paths = [config.username_file, config.password_file];
      following = followConfigFiles({ paths, key, telemetry }, () => {
        value = read();
      });
    },
    async shutdown() {
      following?.close();
    },
  };

  function read(): string {
    const user = contentOf('username', config.username, config.username_file);
    const password = contentOf('password', config.password.reveal(), config.password_file);
    if (user.includes(':')) throw new ConfigError(`${key}::username`, 'has a colon');
    return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  /** A file wins, as in the Collector; space around what it holds is none of it. */
  function contentOf(name: string, inline: string, path: string): string {
    const found = path === '' ? inline : readConfigFile(path, `${key}::${name}_file`).trim();
    if (found !== '') return found;
    const text = path === '' ? `give ${name} or ${name}_file, and not empty` : `${path} is empty`;
    throw new ConfigError(path === '' ? key : `${key}::${name}_file`, text);
  }
}
