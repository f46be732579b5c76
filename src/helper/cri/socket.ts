import { ConfigError } from '../../errors.ts';
import { type CriClient, createCriClient } from '../../platform/cri/client.ts';
import { createRootedPaths } from '../../platform/file/rooted.ts';

/** sockaddr_un has 108 bytes, the last of them zero: unix(7). */
const MAX_BYTES = 107;

/**
 * A client of the runtime whose socket is told as `/path` or `unix:///path`, below `root`. Throws
 * ConfigError with `key` for anything else. Nothing is opened yet.
 */
export function createSocketClient(socket: string, root: string, key: string): CriClient {
  const path = /^(?:unix:\/\/)?(\/[^\0]*[^/\0])$/.exec(socket)?.[1];
  if (path === undefined) {
    throw new ConfigError(
      key,
      `"${socket}" is no path of a unix socket, such as '/run/containerd/containerd.sock'`,
    );
  }
  const real = createRootedPaths(root).resolve(path);
  checkSocketPath(real, key);
  return createCriClient(real);
}

/** Throws ConfigError with `key` for a path for which a socket's address has no room. */
export function checkSocketPath(path: string, key: string): void {
  if (Buffer.byteLength(path) <= MAX_BYTES) return;
  throw new ConfigError(key, `"${path}" has more than ${MAX_BYTES} bytes; choose a shorter path`);
}
