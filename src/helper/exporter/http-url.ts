import { ConfigError } from '../../errors.ts';

/** The URL that an option gives; `example` is one that serves. Throws a ConfigError that names `key`. */
export function parseHttpUrl(text: string, key: string, example: string): URL {
  if (text === '') throw new ConfigError(key, `is required, such as '${example}'`);
  const url = URL.parse(text);
  if (url?.username || url?.password) {
    throw new ConfigError(key, 'has a login: give it by auth and basicauth with client_auth');
  }
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  const advice = `it begins with http:// or https://, such as '${example}'`;
  throw new ConfigError(key, `"${text.replace(/[^/]*@/, '...@')}" is no URL: ${advice}`);
}
