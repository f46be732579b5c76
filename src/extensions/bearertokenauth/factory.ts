import type { Authenticator } from '../../component/authenticator.ts';
import type { ExtensionFactory, Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { followConfigFiles, readConfigFile } from '../../helper/config-file.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { createTokens } from './tokens.ts';

/** Makes bearertokenauth extensions. */
export const bearertokenauth: ExtensionFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createBearerTokenAuth,
};

const LOOK_MILLIS = 60_000;

function createBearerTokenAuth({ id, telemetry }: Settings, config: Config): Authenticator {
  const key = `extensions::${id.text}`;
  const tokens = createTokens();
  const prefix = config.scheme === '' ? '' : `${config.scheme} `.toLowerCase();
  let following: { close(): void } | undefined;
  return {
    challenge: `${config.scheme || 'Bearer'} realm="sandgauge"`,
    async authenticate(authorization = '') {
      if (!authorization.toLowerCase().startsWith(prefix)) return 'denied';
      return tokens.has(authorization.slice(prefix.length).trim()) ? 'granted' : 'denied';
    },
    async start() {
      tokens.replace(readTokens());
      if (config.filename === '') return;
      const paths = [config.filename];
      const followed = { paths, key: `${key}::filename`, intervalMillis: LOOK_MILLIS, telemetry };
      following = followConfigFiles(followed, () => tokens.replace(readTokens()));
    },
    async shutdown() {
      following?.close();
    },
  };

  function readTokens(): string[] {
    const token = config.token.reveal();
    const given = [config.filename !== '', token !== '', config.tokens.length > 0];
    if (given.filter(Boolean).length !== 1) {
      throw new ConfigError(key, 'give one of token, tokens and filename, and not empty');
    }
    if (config.filename !== '') return tokensOf(config.filename, `${key}::filename`);
    const found = token === '' ? config.tokens.map((each) => each.reveal()) : [token];
    if (found.every((each) => each.trim() !== '')) return found;
    throw new ConfigError(`${key}::tokens`, 'one of the tokens is empty');
  }
}

function tokensOf(path: string, key: string): string[] {
  const lines = readConfigFile(path, key).split('\n');
  const tokens = lines.map((line) => line.trim()).filter(Boolean);
  if (tokens.length === 0) throw new ConfigError(key, `${path} holds no token`);
  return tokens;
}
