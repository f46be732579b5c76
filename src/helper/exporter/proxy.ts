import { BlockList, isIP } from 'node:net';
import { ConfigError } from '../../errors.ts';

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

const SCHEMES = ['http:', 'https:', 'socks5:'];

/**
 * The proxy for a URL: the one that was given, else the environment's, by HTTPS_PROXY or HTTP_PROXY
 * and NO_PROXY, in capitals or small, as Go's programs read them. Undefined for none. Throws a
 * ConfigError that names `key` or the variable.
 */
export function proxyFor(
  url: URL,
  given: string,
  key: string,
  environment: Environment,
): URL | undefined {
  if (given !== '') return parseProxy(given, key);
  const read = (name: string) => environment[name] || environment[name.toLowerCase()] || '';
  const variable = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const found = read(variable);
  if (found === '' || isLoopback(url.hostname) || isExcepted(url, read('NO_PROXY')))
    return undefined;
  return parseProxy(found.includes('://') ? found : `http://${found}`, variable);
}

/** True for this host by name or address; IPv6 with or without brackets. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

/** The URL may hold a password and is not told. */
function parseProxy(text: string, key: string): URL {
  const url = URL.parse(text);
  if (url !== null && SCHEMES.includes(url.protocol) && url.hostname !== '') return url;
  throw new ConfigError(key, "is no URL of a proxy, such as 'http://proxy:3128'");
}

/** NO_PROXY: `*`, a domain and what is below it, `.domain` for that alone, an address or a range. */
function isExcepted({ hostname, port, protocol }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const portText = port || (protocol === 'https:' ? '443' : '80');
  const entries = list.split(',').map((entry) => entry.trim().toLowerCase());
  return entries.filter(Boolean).some((entry) => {
    if (entry === '*') return true;
    if (entry.includes('/')) return isInRange(host, entry);
    const [, name = '', wanted] = /^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (wanted !== undefined && wanted !== portText) return false;
    const bare = name.replace(/^\[|\]$/g, '').replace(/^\*(?=\.)/, '');
    if (bare.startsWith('.')) return host.endsWith(bare);
    return bare !== '' && (host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`)));
  });
}

function isInRange(host: string, range: string): boolean {
  const [network = '', bits = ''] = range.split('/');
  const [family, of] = [isIP(host), isIP(network)];
  const isValid = /^\d+$/.test(bits) && Number(bits) <= (of === 4 ? 32 : 128);
  if (family === 0 || family !== of || !isValid) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(network, Number(bits), type);
  return block.check(host, type);
}
