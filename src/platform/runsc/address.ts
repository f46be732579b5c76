import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { RootedPaths } from '../file/rooted.ts';
import type { RunscState } from './state.ts';

/** Where a sandbox may listen: a path, or the name of an abstract socket with its NULs. */
export interface Address {
  readonly path: string;
  close(): void;
}

const FALLBACKS = ['/run', '/var/run', '/tmp'];
/** sockaddr_un has room for 107 bytes and a NUL: unix(7). */
const MAX_PATH_BYTES = 107;

/**
 * Finds the control socket: the file that the state names, else `runsc-<id>.sock` in the root and in
 * runsc's fallbacks, else the abstract name of builds before 2023, which ends in a NUL. The abstract
 * one is seen from the sandbox' network namespace only.
 */
export function addressOf(state: RunscState, root: string, paths: RootedPaths): Address {
  const { controlSocketPath, sandboxId } = state;
  const name = `runsc-${sandboxId}.sock`;
  const named = controlSocketPath === undefined ? [] : [paths.resolve(controlSocketPath)];
  const usual = [root, ...FALLBACKS.map(paths.resolve)].map((folder) => `${folder}/${name}`);
  const path = [...named, ...usual].find((each) => existsSync(each));
  if (path !== undefined) return short(path);
  return { path: `\0runsc-sandbox.${sandboxId}\0`, close() {} };
}

/** A path that is too long is reached through an open descriptor of its directory. */
function short(path: string): Address {
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return { path, close() {} };
  const fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${fd}/${basename(path)}`, close: () => closeSync(fd) };
}
