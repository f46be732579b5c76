import { readdirSync, readlinkSync } from 'node:fs';
import type { FileStore } from '../file/file-store.ts';

/** A process by its arguments. */
export interface Command {
  readonly pid: number;
  readonly args: readonly string[];
}

/** QEMU's take a few thousand. */
const MAX_CHARS = 32 * 1024;
/** Flags of net/unix for a socket that listens: __SO_ACCEPTCON. */
const LISTENS = '00010000';

/** The arguments of all processes of <proc>; they are each process' own to write. */
export function listCommands(proc: string, files: FileStore): Command[] {
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readCommand(proc, Number(name), files))
    .filter((command) => command !== undefined);
}

/** Undefined when the process is gone, and for a kernel thread. */
export function readCommand(proc: string, pid: number, files: FileStore): Command | undefined {
  const length = files.readOnce(`${proc}/${pid}/cmdline`);
  if (length <= 0) return undefined;
  const text = files.buffer.toString('utf8', 0, Math.min(length, MAX_CHARS));
  return { pid, args: text.split('\0') };
}

/**
 * Inodes of the unix sockets that listen in the network namespace of a process, by path:
 * <proc>/<pid>/net/unix (proc(5)).
 */
export function readListeners(
  proc: string,
  pid: number | 'self',
  files: FileStore,
): Map<string, string> {
  const length = files.readOnce(`${proc}/${pid}/net/unix`);
  const found = new Map<string, string>();
  for (const line of files.buffer.toString('utf8', 0, Math.max(0, length)).split('\n')) {
    const [, , , flags, , , inode, ...rest] = line.split(/ +/);
    if (flags === LISTENS && inode !== undefined && rest.length > 0) {
      found.set(rest.join(' '), inode);
    }
  }
  return found;
}

/** True when a process is in the PID namespace of <proc>: that of no container below it. */
export function isInOwnPidNamespace(proc: string, pid: number, files: FileStore): boolean {
  const length = files.readOnce(`${proc}/${pid}/status`);
  const text = files.buffer.toString('utf8', 0, Math.max(0, length));
  return /^NSpid:\t\d+$/m.test(text);
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
