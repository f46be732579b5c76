import type { Authenticator, ClientAuthenticator } from '../../component/authenticator.ts';
import type { ExtensionFactory, Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { followConfigFiles } from '../../helper/config-file.ts';
import { isHeaderName, isHeaderValue } from '../../helper/header.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { readTokens } from './read-tokens.ts';
import { createTokens } from './tokens.ts';

/** Makes bearertokenauth extensions. */
export const bearertokenauth: ExtensionFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createBearerTokenAuth,
};

/** It serves listeners and clients alike. */
function createBearerTokenAuth(
  { id, telemetry }: Settings,
  config: Config,
): Authenticator & ClientAuthenticator {
  const key = `extensions::${id.text}`;
  const { scheme } = config;
  if (!isHeaderName(config.header)) throw new ConfigError(`${key}::header`, 'is no header name');
  if (!isHeaderValue(scheme)) throw new ConfigError(`${key}::scheme`, 'is not plain ASCII');
  const header = config.header.toLowerCase();
  const prefix = scheme === '' ? '' : `${scheme} `;
  const tokens = createTokens();
  let given = '';
  let following: { close(): void } | undefined;
  return {
    header,
    challenge: `${scheme || 'Bearer'} realm="sandgauge"`,
    async authenticate(value = '') {
      if (!value.toLowerCase().startsWith(prefix.toLowerCase())) return 'denied';
      return tokens.has(value.slice(prefix.length).trim()) ? 'granted' : 'denied';
    },
    credentials: () => ({ header, value: given }),
    async start() {
      take();
      const followed = { paths: [config.filename], key: `${key}::filename`, telemetry };
      following = followConfigFiles(followed, take);
    },
    async shutdown() {
      following?.close();
    },
  };

  function take(): void {
    const found = readTokens(config, key);
    tokens.replace(found);
    given = `${prefix}${found[0]}`;
  }
}
