import { open } from 'node:fs/promises';
import { type LogRecord, StorageError } from '../../component/storage.ts';
import { encodeHeader, HEADER_BYTES } from './frame.ts';
import { fileOf, makeSegment, type Segment, writeAll } from './segment.ts';
import { drop, type Shelf } from './shelf.ts';

/** How records are written. */
export interface WriterSettings {
  readonly folder: string;
  readonly format: string;
  /** A file that has as much is followed by another. */
  readonly segmentBytes: number;
  /** Whether what is written is forced to the disk. */
  readonly fsync: boolean;
}

/** Writes records to the end of a log. One call at a time. */
export interface Writer {
  /** Writes all or none, and gives where they begin. Rejects with a StorageError. */
  write(records: readonly LogRecord[]): Promise<{ segment: Segment; at: number }>;
}

/** The bytes that records take in a file. */
export function sizeOf(records: readonly LogRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + HEADER_BYTES + bytes.length, 0);
}

/** Makes the writer of a log whose files have numbers up to `highest`. */
export function createWriter(settings: WriterSettings, shelf: Shelf, highest: number): Writer {
  const { folder, format, segmentBytes, fsync } = settings;
  let number = highest;
  return { write };

  async function write(records: readonly LogRecord[]) {
    try {
      const segment = await segmentFor(sizeOf(records));
      const at = segment.size;
      await append(segment, records);
      return { segment, at };
    } catch (error) {
      throw new StorageError((error as Error).message, { cause: error });
    }
  }

  async function segmentFor(bytes: number): Promise<Segment> {
    const { active } = shelf;
    if (active !== undefined && (await isThere(active))) {
      if (active.size === 0 || active.size + bytes <= segmentBytes) return active;
    }
    await release(active);
    const segment = await makeSegment(folder, ++number, format);
    shelf.segments.push(segment);
    shelf.active = segment;
    if (fsync) await syncFolder();
    return segment;
  }

  /** A day's worth of files is not kept open; each is opened again when it is read. */
  async function release(segment: Segment | undefined): Promise<void> {
    const file = segment?.file;
    if (segment === undefined || file === undefined) return;
    const { nlink } = await file.stat();
    // Of one that was deleted only the descriptor is left.
    if (nlink === 0) return;
    segment.file = undefined;
    await file.close();
  }

  /** A file that was deleted keeps nothing beyond this process. */
  async function isThere(segment: Segment): Promise<boolean> {
    const { nlink } = await (await fileOf(segment)).stat();
    return nlink > 0;
  }

  async function append(segment: Segment, records: readonly LogRecord[]): Promise<void> {
    const file = await fileOf(segment);
    const parts = records.flatMap((each) => [encodeHeader(segment.marker, each), each.bytes]);
    try {
      await writeAll(file, parts, segment.size);
      if (fsync) await file.datasync();
    } catch (error) {
      await takeBack(segment);
      throw error;
    }
    segment.size += sizeOf(records);
    shelf.budget.add(sizeOf(records));
  }

  /** A file that cannot be cut is not written to again, so that its end is the last of its damage. */
  async function takeBack(segment: Segment): Promise<void> {
    try {
      await (await fileOf(segment)).truncate(segment.size);
    } catch {
      shelf.active = undefined;
    }
    if (segment.size === 0 && shelf.active === undefined) await drop(shelf, segment);
  }

  /** So that the name of a new file outlives the machine too. */
  async function syncFolder(): Promise<void> {
    const opened = await open(folder, 'r');
    await opened.sync().finally(() => opened.close());
  }
}
