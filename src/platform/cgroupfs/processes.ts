import { numbersByLine } from '../file/bytes.ts';
import type { FileStore } from '../file/file-store.ts';

/** The processes of a cgroup itself, not of its descendants. */
export interface ProcessesReader {
  /** Pids as the agent sees them; read once for each value of `pass`. */
  read(pass: number): readonly number[];
  close(): void;
}

/** cgroup.procs, on v1 and v2; empty for a threaded cgroup, whose processes its parent lists. */
export function openProcesses(directory: string, files: FileStore): ProcessesReader {
  const file = files.open(`${directory}/cgroup.procs`);
  let pids: readonly number[] = [];
  let readIn = 0;
  return { read, close: () => file.close() };

  function read(pass: number): readonly number[] {
    if (readIn !== pass) {
      readIn = pass;
      // In this order: the read may replace the buffer by a larger one.
      const end = file.readWhole();
      pids = numbersByLine(files.buffer, end);
    }
    return pids;
  }
}
