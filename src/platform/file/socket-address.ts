import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** sockaddr_un has room for 107 bytes and a NUL: unix(7). */
const MAX_PATH_BYTES = 107;

/** Where to connect to: a path, or an abstract name; closed once, when connected or later. */
export interface SocketAddress {
  readonly path: string;
  close(): void;
}

/** The address of a socket file: one with a longer path is reached through its open directory. */
export function openSocketAddress(path: string): SocketAddress {
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return { path, close() {} };
  const fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${fd}/${basename(path)}`, close: () => closeSync(fd) };
}
