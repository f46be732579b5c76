import { numbersByLine } from '../file/bytes.ts';
import type { FileStore } from '../file/file-store.ts';

/** The processes of a cgroup itself, not of its descendants. */
export interface ProcessesReader {
  /** Pids as the agent sees them; read once for each value of `pass`. */
  read(pass: number): readonly number[];
  close(): void;
}

/**
 * cgroup.procs; empty for a threaded cgroup, whose processes its parent lists. On v1 it is opened for
 * each look: the kernel makes its list at the first read of an open file, and keeps it for as long as
 * reads come within a second of each other (kernel/cgroup/cgroup-v1.c, cgroup_pidlist_start).
 */
export function openProcesses(
  directory: string,
  files: FileStore,
  version: 1 | 2,
): ProcessesReader {
  const path = `${directory}/cgroup.procs`;
  const kept = version === 2 ? files.open(path) : undefined;
  let pids: readonly number[] = [];
  let readIn = 0;
  return { read, close: () => kept?.close() };

  function read(pass: number): readonly number[] {
    if (readIn !== pass) {
      readIn = pass;
      // In this order: the read may replace the buffer by a larger one.
      const end = kept?.readWhole() ?? files.readOnce(path);
      pids = numbersByLine(files.buffer, end);
    }
    return pids;
  }
}
