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
  const store: Store = { buffer, budget, listener, round: 1 };
  return {
    buffer,
    open: (path) => new KernelFile(store, path),
    retryAbsent() {
      store.round++;
    },
  };
}

interface Store {
  readonly buffer: Buffer;
  readonly budget: FdBudget;
  readonly listener: ReadListener;
  round: number;
}

/** A class, for there are a dozen of these per cgroup: closures would take four times the memory. */
class KernelFile implements StoredFile {
  readonly path: string;
  private readonly store: Store;
  private fd = CLOSED;
  private absentIn = 0;
  private isFailed = false;

  constructor(store: Store, path: string) {
    this.store = store;
    this.path = path;
  }

  read(): number {
    if (this.fd !== CLOSED) return this.readKept();
    const { round, budget, listener } = this.store;
    if (this.absentIn === round) return ABSENT;
    try {
      const opened = openSync(this.path, 'r');
      if (this.isFailed) listener.recovered(this.path);
      this.isFailed = false;
      if (!budget.take()) return this.readOnce(opened);
      this.fd = opened;
      return this.readKept();
    } catch (error) {
      return this.fail(error);
    }
  }

  close(): void {
    if (this.fd === CLOSED) return;
    closeSync(this.fd);
    this.fd = CLOSED;
    this.store.budget.release();
  }

  private readKept(): number {
    try {
      return readSync(this.fd, this.store.buffer, 0, BUFFER_BYTES, 0);
    } catch (error) {
      this.close();
      return this.fail(error);
    }
  }

  private readOnce(opened: number): number {
    try {
      return readSync(opened, this.store.buffer, 0, BUFFER_BYTES, 0);
    } finally {
      closeSync(opened);
    }
  }

  private fail(error: unknown): number {
    this.absentIn = this.store.round;
    const code = (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
    this.isFailed = !isAbsent(code);
    if (this.isFailed) this.store.listener.failed(this.path, code);
    return ABSENT;
  }
}

/** ENODEV: the cgroup of a kept descriptor was removed. ENOTSUP: the file has no meaning here. */
function isAbsent(code: string): boolean {
  return ['ENOENT', 'ENODEV', 'ESRCH', 'ENOTDIR', 'EOPNOTSUPP', 'ENOTSUP', 'EISDIR'].includes(code);
}
