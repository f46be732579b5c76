import { randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Amount } from '../../component/storage.ts';
import { MARKER_BYTES } from './frame.ts';

/** A record that was taken and not yet removed. */
export interface Place {
  readonly segment: Segment;
  /** Where it begins. */
  at: number;
  readonly points: number;
  /** Of the payload. */
  readonly length: number;
}

/** A file of records. */
export interface Segment {
  readonly path: string;
  readonly number: number;
  /**
   * Marks its records. It is random and stands in the file's name, so that nothing in a payload can
   * pass for a record.
   */
  readonly marker: Buffer;
  file: FileHandle | undefined;
  size: number;
  /** Up to where records were taken. */
  readAt: number;
  /** What was not removed, as far as headers tell. */
  stored: Amount;
  readonly taken: Set<Place>;
  /** Damage was met and said; the next record is being looked for. */
  isSearching: boolean;
}

const NAME = /^(\d{12})-([0-9a-f]{16})\.(\w+)$/;

/** The number, marker and format in a file's name; undefined for another file. */
export function parseSegmentName(name: string) {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [, number = '', marker = '', format = ''] = match;
  return { number: Number(number), marker: Buffer.from(marker, 'hex'), format };
}

/** What is known of a file that was found or made. */
export function createSegment(path: string, number: number, marker: Buffer, size = 0): Segment {
  return {
    ...{ path, number, marker, size, file: undefined, readAt: 0 },
    ...{ stored: NOTHING, taken: new Set<Place>(), isSearching: false },
  };
}

/** Nothing of anything. */
export const NOTHING: Amount = { records: 0, points: 0, bytes: 0 };

/** Makes the file of a new segment, with mode 0600. */
export async function makeSegment(
  folder: string,
  number: number,
  format: string,
): Promise<Segment> {
  const marker = randomBytes(MARKER_BYTES);
  const name = `${String(number).padStart(12, '0')}-${marker.toString('hex')}.${format}`;
  const segment = createSegment(join(folder, name), number, marker);
  segment.file = await open(segment.path, 'wx+', 0o600);
  return segment;
}

/** The open file of a segment. */
export async function fileOf(segment: Segment): Promise<FileHandle> {
  segment.file ??= await open(segment.path, 'r+');
  return segment.file;
}

/** Writes all buffers one behind another. */
export async function writeAll(
  file: FileHandle,
  buffers: readonly Buffer[],
  position: number,
): Promise<void> {
  let left = buffers.filter(({ length }) => length > 0);
  for (let at = position; left.length > 0; ) {
    let { bytesWritten } = await file.writev(left, at);
    at += bytesWritten;
    left = left.flatMap((buffer) => {
      const skipped = Math.min(bytesWritten, buffer.length);
      bytesWritten -= skipped;
      return skipped === buffer.length ? [] : [buffer.subarray(skipped)];
    });
  }
}

/** Both together; never less than nothing. */
export function sumOf(one: Amount, other: Amount, sign: 1 | -1 = 1): Amount {
  return {
    records: Math.max(0, one.records + sign * other.records),
    points: Math.max(0, one.points + sign * other.points),
    bytes: Math.max(0, one.bytes + sign * other.bytes),
  };
}
