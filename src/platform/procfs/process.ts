import { readdirSync, statSync } from 'node:fs';
import { countOf } from '../file/bytes.ts';
import type { FileStore } from '../file/file-store.ts';
import { readTextOnce } from '../file/text.ts';

/** A process by its arguments. */
export interface Command {
  readonly pid: number;
  readonly args: readonly string[];
}

/** QEMU's take a few thousand. */
const MAX_BYTES = 32 * 1024;

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
  const text = files.buffer.toString('utf8', 0, Math.min(length, MAX_BYTES));
  return { pid, args: text.split('\0') };
}

/** True when a process is in the PID namespace of <proc>: that of no container below it. */
export function isInOwnPidNamespace(proc: string, pid: number, files: FileStore): boolean {
  return /^NSpid:\t\d+$/m.test(readTextOnce(`${proc}/${pid}/status`, files) ?? '');
}

/** The fields of <proc>/<pid>/stat (proc(5)) behind the command: the third is the first here. */
export function parseStat(stat: string): string[] {
  // The command may hold spaces and brackets: fields are counted from the last bracket.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** The soft limit of open files in <proc>/<pid>/limits; undefined when it is unlimited or gone. */
export function readMaxOpenFiles(proc: string, pid: number, files: FileStore): number | undefined {
  const limits = readTextOnce(`${proc}/${pid}/limits`, files) ?? '';
  const match = /^Max open files +(\d+) /m.exec(limits);
  return match === null ? undefined : countOf(match[1]);
}

/** The inode that names a process' network namespace; undefined when it is gone or may not be seen. */
export function readNetworkNamespace(proc: string, pid: number): number | undefined {
  try {
    return statSync(`${proc}/${pid}/ns/net`).ino;
  } catch {
    return undefined;
  }
}
