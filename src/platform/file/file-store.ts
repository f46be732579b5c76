import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { FdBudget } from './fd-budget.ts';

/** `read` found no such file, or its cgroup or process is gone. */
export const ABSENT = -1;

/** Files of a kernel file system that are read again and again through one buffer. */
export interface FileStore {
  /** What the last read brought; valid until the next one, which may replace it by a larger one. */
  readonly buffer: Buffer;
  open(path: string): StoredFile;
  /** Reads a whole file without keeping it open; returns the length, or ABSENT. */
  readOnce(path: string): number;
  /** Lets files that were absent or refused be tried once more. */
  retryAbsent(): void;
  /** True for a descriptor of this process that holds one of the files open. */
  isKept(fd: number): boolean;
}

/** One file: kept open while the budget lasts, else opened, read and closed each time. */
export interface StoredFile {
  readonly path: string;
  /** Reads a short file, of one record, into the store's buffer; returns the length, or ABSENT. */
  read(): number;
  /** As `read`, for a file of any length, or of many records, such as io.stat or cgroup.procs. */
  readWhole(): number;
  close(): void;
}

/** Told of files that are there but cannot be read, once until they are retried. */
export interface ReadListener {
  failed(path: string, code: string): void;
  recovered(path: string): void;
  /** A file that failed is gone, or nobody reads it any more. */
  gone(path: string): void;
}

/** A FIFO in a file's place would hold up the whole process; reading it fails with ESPIPE. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;
const BUFFER_BYTES = 64 * 1024;
const MAX_BUFFER_BYTES = 16 * 1024 * 1024;
const PAGE = 4096;
/** A seq_file ends a read before its page is full only when the next record does not fit. */
const LONGEST_RECORD = 512;
const CLOSED = -1;
const MAX_REFUSED = 1000;

/** Makes a store; `listener` hears of EACCES and the like, never of files that are absent. */
export function createFileStore(budget: FdBudget, listener: ReadListener): FileStore {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const store: Store = { buffer, budget, listener, round: 1, kept: new Set(), refused: new Set() };
  return {
    get buffer() {
      return store.buffer;
    },
    open: (path) => new KernelFile(store, path),
    readOnce: (path) => readOnce(store, path),
    retryAbsent() {
      store.round++;
    },
    isKept: (fd) => store.kept.has(fd),
  };
}

interface Store {
  buffer: Buffer;
  readonly budget: FdBudget;
  readonly listener: ReadListener;
  round: number;
  readonly kept: Set<number>;
  /** Paths of `readOnce` that were there but could not be read. */
  readonly refused: Set<string>;
}

function readOnce(store: Store, path: string): number {
  try {
    const length = readAndClose(openSync(path, READ), store, readPages);
    if (store.refused.delete(path)) store.listener.recovered(path);
    return length;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
    if (isAbsent(code)) {
      if (store.refused.delete(path)) store.listener.gone(path);
    } else {
      if (store.refused.size < MAX_REFUSED) store.refused.add(path);
      store.listener.failed(path, code);
    }
    return ABSENT;
  }
}

type Fill = (fd: number, store: Store) => number;

function readPage(fd: number, store: Store): number {
  return readSync(fd, store.buffer, 0, BUFFER_BYTES, 0);
}

function readAndClose(fd: number, store: Store, fill: Fill): number {
  try {
    return fill(fd, store);
  } finally {
    closeSync(fd);
  }
}

function readPages(fd: number, store: Store): number {
  let length = 0;
  for (;;) {
    const read = readSync(fd, store.buffer, length, store.buffer.length - length, length);
    length += read;
    if (read < PAGE - LONGEST_RECORD || length >= MAX_BUFFER_BYTES) return length;
    if (store.buffer.length - length < PAGE) {
      store.buffer = Buffer.concat([store.buffer], store.buffer.length * 2);
    }
  }
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
    return this.readBy(readPage);
  }

  readWhole(): number {
    return this.readBy(readPages);
  }

  close(): void {
    if (this.isFailed) this.store.listener.gone(this.path);
    this.isFailed = false;
    this.release();
  }

  private release(): void {
    if (this.fd === CLOSED) return;
    closeSync(this.fd);
    this.store.kept.delete(this.fd);
    this.fd = CLOSED;
    this.store.budget.release();
  }

  private readBy(fill: Fill): number {
    if (this.fd !== CLOSED) return this.readKept(fill);
    const { round, budget } = this.store;
    if (this.absentIn === round) return ABSENT;
    try {
      const opened = openSync(this.path, READ);
      if (!budget.take()) return this.succeed(readAndClose(opened, this.store, fill));
      this.fd = opened;
      this.store.kept.add(opened);
      return this.readKept(fill);
    } catch (error) {
      return this.fail(error);
    }
  }

  private readKept(fill: Fill): number {
    try {
      return this.succeed(fill(this.fd, this.store));
    } catch (error) {
      this.release();
      return this.fail(error);
    }
  }

  private succeed(length: number): number {
    if (this.isFailed) this.store.listener.recovered(this.path);
    this.isFailed = false;
    return length;
  }

  private fail(error: unknown): number {
    this.absentIn = this.store.round;
    const code = (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
    const { listener } = this.store;
    if (!isAbsent(code)) listener.failed(this.path, code);
    else if (this.isFailed) listener.gone(this.path);
    this.isFailed = !isAbsent(code);
    return ABSENT;
  }
}

/** ENODEV: the cgroup of a kept descriptor was removed. ENOTSUP: the file has no meaning here. */
function isAbsent(code: string): boolean {
  return ['ENOENT', 'ENODEV', 'ESRCH', 'ENOTDIR', 'EOPNOTSUPP', 'ENOTSUP', 'EISDIR'].includes(code);
}
