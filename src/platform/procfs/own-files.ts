import { fstatSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import type { FileStore } from '../file/file-store.ts';

/** What this process itself holds open: for the most part the files that a store keeps. */
export interface OwnFiles {
  /**
   * This process as <proc> counts, which may be that of another pid namespace; undefined when it is
   * not in there, or when <proc> is a copy.
   */
  readonly pid: number | undefined;
  /** True for a descriptor that the store keeps: no socket. */
  isKept(fd: number): boolean;
  /**
   * Counts without listing <proc>/<pid>/fd, for which the kernel makes an inode of each and keeps
   * it. Undefined before Linux 6.2, which does not tell how many there are.
   */
  count(): { readonly descriptors: number; readonly sockets: number } | undefined;
}

const PROC_SUPER_MAGIC = 0x9fa0;
/** A new descriptor gets the lowest free number: gaps are few. */
const LARGEST_GAP = 1024;

/** Looks at the process once; its pid does not change. */
export function openOwnFiles(proc: string, files: FileStore): OwnFiles {
  const pid = readOwnPid(proc);
  return { pid, isKept: files.isKept, count };

  function count(): ReturnType<OwnFiles['count']> {
    const descriptors = statSync(`${proc}/${pid}/fd`).size;
    if (descriptors === 0) return undefined;
    let sockets = 0;
    let gap = 0;
    for (let fd = 0, seen = 0; seen < descriptors && gap < LARGEST_GAP; fd++) {
      const isSocket = files.isKept(fd) ? false : isSocketAt(fd);
      gap = isSocket === undefined ? gap + 1 : 0;
      if (isSocket !== undefined) seen++;
      if (isSocket) sockets++;
    }
    return { descriptors, sockets };
  }
}

function readOwnPid(proc: string): number | undefined {
  try {
    const isReal = statfsSync(proc).type === PROC_SUPER_MAGIC;
    return isReal ? Number(readlinkSync(`${proc}/self`)) : undefined;
  } catch {
    return undefined;
  }
}

function isSocketAt(fd: number): boolean | undefined {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return undefined;
  }
}
