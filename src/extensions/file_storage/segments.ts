import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { HEADER_BYTES } from './frame.ts';
import type { Reader } from './reader.ts';
import { createSegment, parseSegmentName, type Segment, sumOf } from './segment.ts';

/** What a half-written copy ends with. */
export const COPY_SUFFIX = '.copy';

/** What was found in the folder of a log. */
interface FoundSegments {
  /** In the order in which they were written. */
  readonly segments: Segment[];
  /** The highest number in any file's name. */
  readonly highest: number;
  /** Bytes of files in another format, which nobody reads. */
  readonly foreignBytes: number;
}

/** Removes what a process that was killed has left of copies. */
export async function removeCopies(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [original] = name.split(COPY_SUFFIX);
    if (!name.endsWith(COPY_SUFFIX) || parseSegmentName(original ?? '') === undefined) continue;
    await unlink(join(folder, name));
  }
}

/** Lists the segments of a format in a folder. */
export async function readSegments(folder: string, format: string): Promise<FoundSegments> {
  const segments: Segment[] = [];
  let [highest, foreignBytes] = [0, 0];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const parsed = parseSegmentName(name);
    if (parsed === undefined) continue;
    const { size } = await stat(path);
    highest = Math.max(highest, parsed.number);
    if (parsed.format !== format) foreignBytes += size;
    else if (size === 0) await unlink(path);
    else segments.push(createSegment(path, parsed.number, parsed.marker, size));
  }
  segments.sort((one, other) => one.number - other.number);
  return { segments, highest, foreignBytes };
}

/**
 * Counts what is stored in a segment, by the headers of its records, up to where it can be read. The
 * file is closed again.
 */
export async function countStored(segment: Segment, reader: Reader): Promise<void> {
  try {
    let found = await reader.find(segment, 0);
    while (found !== undefined) {
      const { points, length: bytes } = found;
      if (!found.isRemoved) segment.stored = sumOf(segment.stored, { records: 1, points, bytes });
      found = await reader.find(segment, found.end);
    }
  } catch {
    // It is met again, and said, when records are taken.
  }
  reader.forget();
  await segment.file?.close();
  segment.file = undefined;
}

/** How many bytes of a segment's file nobody wants. */
export function wasteOf({ size, stored }: Segment): number {
  return Math.max(0, size - stored.bytes - stored.records * HEADER_BYTES);
}
