import { readdirSync, readlinkSync } from 'node:fs';
import type { OwnFiles } from './own-files.ts';

/** Descriptors that processes hold open. */
export interface OpenFiles {
  readonly descriptors: number;
  /** Undefined where the descriptors may be counted but not looked at. */
  readonly sockets: number | undefined;
}

const LOOKS_PER_TURN = 64;
const DENIED = Symbol('denied');

/**
 * Counts the descriptors of `pids` in <proc>/<pid>/fd (proc(5)) and yields often, for there may be
 * many. Processes that are gone count nothing; undefined when all are, or when a folder may not be
 * listed (another user's). What a descriptor is takes CAP_SYS_PTRACE, or for a process with more
 * rights than ours all of those. `denied` hears of each path that cannot be seen, for any reason.
 * `own` are those of this process, which are not looked at one by one.
 */
export function* countOpenFiles(
  proc: string,
  pids: readonly number[],
  denied: (path: string, error: Error) => void,
  own?: OwnFiles,
): Generator<void, OpenFiles | undefined> {
  let descriptors = 0;
  let sockets: number | undefined = 0;
  let looks = 0;
  let isAnyThere = pids.length === 0;
  for (const pid of pids) {
    if (++looks % LOOKS_PER_TURN === 0) yield;
    const counted = pid === own?.pid ? own.count() : undefined;
    if (counted !== undefined) {
      isAnyThere = true;
      descriptors += counted.descriptors;
      if (sockets !== undefined) sockets += counted.sockets;
      continue;
    }
    const folder = `${proc}/${pid}/fd`;
    const names = look(folder, (path) => readdirSync(path));
    if (names === DENIED) return undefined;
    if (names === undefined) continue;
    isAnyThere = true;
    descriptors += names.length;
    for (const name of names) {
      if (sockets === undefined) break;
      if (pid === own?.pid && own.isKept(Number(name))) continue;
      if (++looks % LOOKS_PER_TURN === 0) yield;
      const target = look(`${folder}/${name}`, (path) => readlinkSync(path));
      if (target === DENIED) sockets = undefined;
      else if (target?.startsWith('socket:')) sockets++;
    }
  }
  return isAnyThere ? { descriptors, sockets } : undefined;

  function look<T>(path: string, read: (path: string) => T): T | undefined | typeof DENIED {
    try {
      return read(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ESRCH') return undefined;
      denied(path, error as Error);
      return DENIED;
    }
  }
}
