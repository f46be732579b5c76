import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HEADER_BYTES } from './frame.ts';
import type { Reader } from './reader.ts';
import { fileOf, type Segment, writeAll } from './segment.ts';
import { COPY_SUFFIX } from './segments.ts';

/** Part of a file. */
interface Range {
  readonly from: number;
  readonly to: number;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * Copies what is still wanted of a segment and puts the copy in its place, in one step. `folder` is
 * where the copy is made, on the same file system. What is damaged and was not yet met is kept.
 */
export async function compactSegment(
  segment: Segment,
  reader: Reader,
  folder: string,
  fsync: boolean,
): Promise<void> {
  const taken = [...segment.taken].sort((one, other) => one.at - other.at);
  const behind = taken.map(({ at, length }) => ({ from: at, to: at + HEADER_BYTES + length }));
  const ahead = await wantedAhead(segment, reader);
  const path = join(folder, basename(segment.path) + COPY_SUFFIX);
  const copy = await open(path, 'wx+', 0o600);
  let size = 0;
  try {
    size = await copyRanges(await fileOf(segment), copy, [...behind, ...ahead]);
    if (fsync) await copy.datasync();
    await rename(path, segment.path);
  } catch (error) {
    await copy.close();
    await unlink(path).catch(() => {});
    throw error;
  }
  reader.forget();
  let at = 0;
  for (const place of taken) {
    place.at = at;
    at += HEADER_BYTES + place.length;
  }
  const old = segment.file;
  [segment.file, segment.readAt, segment.size] = [copy, at, size];
  await old?.close();
}

/** All that was not taken, but for records that are removed already. */
async function wantedAhead(segment: Segment, reader: Reader): Promise<Range[]> {
  const ranges: Range[] = [];
  let from = segment.readAt;
  for (let at = from; ; ) {
    const found = await reader.find(segment, at);
    if (found === undefined) break;
    if (found.isRemoved) {
      ranges.push({ from, to: found.at });
      from = found.end;
    }
    at = found.end;
  }
  return [...ranges, { from, to: segment.size }].filter(({ from, to }) => to > from);
}

/** Gives the bytes that were written. */
async function copyRanges(
  source: FileHandle,
  target: FileHandle,
  ranges: readonly Range[],
): Promise<number> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let size = 0;
  for (const { from, to } of ranges) {
    for (let at = from; at < to; ) {
      const { bytesRead } = await source.read(buffer, 0, Math.min(CHUNK_BYTES, to - at), at);
      if (bytesRead === 0) throw new Error('the file became shorter');
      await writeAll(target, [buffer.subarray(0, bytesRead)], size);
      at += bytesRead;
      size += bytesRead;
    }
  }
  return size;
}
