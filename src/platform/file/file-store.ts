import { closeSync, openSync, readSync } from 'node:fs';
import type { FdBudget } from './fd-budget.ts';

/** `read` found no such file, or its cgroup or process is gone. */
export const ABSENT = -1;

/** Files of a kernel file system that are read again and again through one buffer. */
export interface FileStore {
  /** What the last read brought; valid until the next one. */
  readonly buffer: Buffer;
  open(path: string): StoredFile;
  /** Lets files that were absent or refused be tried once more. */
  retryAbsent(): void;
}

/** One file: kept open while the budget lasts, else opened, read and closed each time. */
export interface StoredFile {
  readonly path: string;
  /** Reads from the start into the store's buffer; returns the length, or ABSENT. */
  read(): number;
  close(): void;
}

/** Told of files that are there but cannot be read, once until they are retried. */
export interface ReadListener {
  failed(path: string, code: string): void;
  recovered(path: string): void;
}

const BUFFER_BYTES = 64 * 1024;
const CLOSED = -1;

/** Makes a store; `listener` hears of EACCES and the like, never of files that are absent. */
export function createFileStore(budget: FdBudget, listener: ReadListener): FileStore {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let round = 1;
  return {
    buffer,
    open: createFile,
    retryAbsent() {
      round++;
    },
  };

  function createFile(path: string): StoredFile {
    let fd = CLOSED;
    let absentIn = 0;
    let isFailed = false;
    return { path, read, close };

    function read(): number {
      if (fd !== CLOSED) return readKept();
      if (absentIn === round) return ABSENT;
      try {
        const opened = openSync(path, 'r');
        if (isFailed) listener.recovered(path);
        isFailed = false;
        if (budget.take()) {
          fd = opened;
          return readKept();
        }
        return readOnce(opened);
      } catch (error) {
        return fail(error);
      }
    }

    function readKept(): number {
      try {
        return readSync(fd, buffer, 0, BUFFER_BYTES, 0);
      } catch (error) {
        close();
        return fail(error);
      }
    }

    function readOnce(opened: number): number {
      try {
        return readSync(opened, buffer, 0, BUFFER_BYTES, 0);
      } finally {
        closeSync(opened);
      }
    }

    function fail(error: unknown): number {
      absentIn = round;
      const code = (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
      isFailed = !isAbsent(code);
      if (isFailed) listener.failed(path, code);
      return ABSENT;
    }

    function close(): void {
      if (fd === CLOSED) return;
      closeSync(fd);
      fd = CLOSED;
      budget.release();
    }
  }
}

/** ENODEV: the cgroup of a kept descriptor was removed. ENOTSUP: the file has no meaning here. */
function isAbsent(code: string): boolean {
  return ['ENOENT', 'ENODEV', 'ESRCH', 'ENOTDIR', 'EOPNOTSUPP', 'ENOTSUP', 'EISDIR'].includes(code);
}
