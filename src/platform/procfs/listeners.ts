import { readdirSync, readlinkSync } from 'node:fs';
import type { FileStore } from '../file/file-store.ts';
import { readTextOnce } from '../file/text.ts';

/** Flags of net/unix for a socket that listens: __SO_ACCEPTCON. */
const LISTENS = '00010000';

/**
 * Inodes of the unix sockets that listen in the network namespace of a process, by path:
 * <proc>/<pid>/net/unix (proc(5)).
 */
export function readListeners(
  proc: string,
  pid: number | 'self',
  files: FileStore,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of readTextOnce(`${proc}/${pid}/net/unix`, files)?.split('\n') ?? []) {
    const [, , , flags, , , inode, ...rest] = line.split(/ +/);
    if (flags === LISTENS && inode !== undefined && rest.length > 0) {
      found.set(rest.join(' '), inode);
    }
  }
  return found;
}

/** True when a process holds the socket of that inode; false when it may not be looked at. */
export function holdsSocket(proc: string, pid: number, inode: string): boolean {
  const folder = `${proc}/${pid}/fd`;
  try {
    return readdirSync(folder).some((fd) => linkOf(`${folder}/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
