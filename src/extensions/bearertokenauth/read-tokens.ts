import { ConfigError } from '../../errors.ts';
import { readConfigFile } from '../../helper/config-file.ts';
import { isHeaderValue } from '../../helper/header.ts';
import type { Config } from './config.ts';

/** Reads the tokens, of which there is at least one. Throws a ConfigError that names the key. */
export function readTokens(config: Config, key: string): string[] {
  const token = config.token.reveal();
  const given = [config.filename !== '', token !== '', config.tokens.length > 0];
  if (given.filter(Boolean).length !== 1) {
    throw new ConfigError(key, 'give one of token, tokens and filename, and not empty');
  }
  const [from, found] =
    config.filename !== ''
      ? ['filename', linesOf(config.filename, `${key}::filename`)]
      : token !== ''
        ? ['token', [token.trim()]]
        : ['tokens', config.tokens.map((each) => each.reveal().trim())];
  if (found.includes('')) throw new ConfigError(`${key}::${from}`, 'one of the tokens is empty');
  if (found.every(isHeaderValue)) return found;
  throw new ConfigError(`${key}::${from}`, 'a token has a character that no header takes');
}

function linesOf(path: string, key: string): string[] {
  const lines = readConfigFile(path, key).split('\n');
  const tokens = lines.map((line) => line.trim()).filter(Boolean);
  if (tokens.length === 0) throw new ConfigError(key, `${path} holds no token`);
  return tokens;
}
