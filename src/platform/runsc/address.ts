import { existsSync } from 'node:fs';
import type { RootedPaths } from '../file/rooted.ts';
import { openSocketAddress, type SocketAddress } from '../file/socket-address.ts';
import type { RunscState } from './state.ts';

const FALLBACKS = ['/run', '/var/run', '/tmp'];

/**
 * Finds the control socket: the file that the state names, else `runsc-<id>.sock` in the root and in
 * runsc's fallbacks, else the abstract name of builds before 2023, which ends in a NUL. The abstract
 * one is seen from the sandbox' network namespace only.
 */
export function addressOf(state: RunscState, root: string, paths: RootedPaths): SocketAddress {
  const { controlSocketPath, sandboxId } = state;
  const name = `runsc-${sandboxId}.sock`;
  const named = controlSocketPath === undefined ? [] : [paths.resolve(controlSocketPath)];
  const usual = [root, ...FALLBACKS.map(paths.resolve)].map((folder) => `${folder}/${name}`);
  const path = [...named, ...usual].find((each) => existsSync(each));
  if (path !== undefined) return openSocketAddress(path);
  return { path: `\0runsc-sandbox.${sandboxId}\0`, close() {} };
}
