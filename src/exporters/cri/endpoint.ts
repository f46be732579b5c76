import { ConfigError } from '../../errors.ts';
import { checkSocketPath } from '../../helper/cri/socket.ts';

/** The path of `unix:///path`. Throws ConfigError for any other endpoint. */
export function socketPathOf(endpoint: string, key: string): string {
  const path = /^unix:\/\/(\/[^\0]*[^/\0])$/.exec(endpoint)?.[1];
  if (path === undefined) {
    throw new ConfigError(
      key,
      `"${endpoint}" is no unix:///path; the CRI is served on a unix socket, such as 'unix:///run/sandgauge-cri.sock'`,
    );
  }
  checkSocketPath(path, key);
  return path;
}
