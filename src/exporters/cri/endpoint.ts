import { ConfigError } from '../../errors.ts';

/** sockaddr_un has 108 bytes, the last of them zero: unix(7). */
const MAX_BYTES = 107;

/** The path of `unix:///path`. Throws ConfigError for any other endpoint. */
export function socketPathOf(endpoint: string, key: string): string {
  const path = /^unix:\/\/(\/[^\0]*[^/\0])$/.exec(endpoint)?.[1];
  if (path === undefined) {
    throw new ConfigError(
      key,
      `"${endpoint}" is no unix:///path; the CRI is served on a unix socket, such as 'unix:///run/sandgauge-cri.sock'`,
    );
  }
  if (Buffer.byteLength(path) > MAX_BYTES) {
    throw new ConfigError(key, `"${path}" has more than ${MAX_BYTES} bytes; choose a shorter path`);
  }
  return path;
}
