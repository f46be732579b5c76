import type { Extension } from './component.ts';

/** How much there is of something. */
export interface Amount {
  readonly records: number;
  readonly points: number;
  /** Of the records themselves, without what surrounds them on the disk. */
  readonly bytes: number;
}

/** What is written. */
export interface LogRecord {
  readonly bytes: Buffer;
  /** Data points in it. */
  readonly points: number;
}

/** What was read and is still stored. */
export interface StoredRecord extends LogRecord {
  /** Takes it out of the log; until then it is there again at the next start. */
  remove(): Promise<void>;
}

/** Records that outlive the agent, first in, first out. */
export interface RecordLog {
  /** Records that nobody has taken; at least 1 where there is anything to read. */
  readonly waiting: number;
  /** What was not removed. */
  readonly stored: Amount;
  /**
   * Adds all of them or none, and resolves when they outlive the process. Tells whether `take` will
   * give these very buffers, which must then not be changed. Rejects with a StorageError.
   */
  append(records: readonly LogRecord[]): Promise<boolean>;
  /** The next record, in a buffer of `allocate` if it has to be read; undefined when there is none. */
  take(allocate: (size: number) => Buffer): Promise<StoredRecord | undefined>;
  /** Ends it; what was not removed stays. */
  close(): Promise<void>;
}

/** What a log is opened with. */
export interface LogOwner {
  /** Kind and id of the component, such as `exporter_otlp_grpc/a`. */
  readonly name: string;
  /** The form of the records: those of another are left alone. */
  readonly format: string;
  /** Told of points that were stored and cannot be read any more. */
  lost(points: number): void;
}

/** An extension that keeps what has to outlive the agent. */
export interface Storage extends Extension {
  /** Opens the log of a component; one that is open cannot be opened again. */
  openLog(owner: LogOwner): Promise<RecordLog>;
}

/** What was given was not stored. */
export class StorageError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StorageError';
  }
}

/** True for an extension that stores. */
export function isStorage(extension: Extension | undefined): extension is Storage {
  return extension !== undefined && 'openLog' in extension;
}
