import { unlink } from 'node:fs/promises';
import type { Amount } from '../../component/storage.ts';
import type { Budget } from './budget.ts';
import { REMOVED, STATE_AT } from './frame.ts';
import { fileOf, NOTHING, type Place, type Segment, sumOf, writeAll } from './segment.ts';

/** The segments of a log, in the order in which they were written, and what is in them. */
export interface Shelf {
  readonly segments: Segment[];
  /** The one that is written to; those of an earlier life may end in half a record. */
  active: Segment | undefined;
  readonly budget: Budget;
  stored: Amount;
  /** Records that were taken and not removed. */
  taken: number;
}

type Content = Pick<Place, 'points' | 'length'>;

/** A shelf with what was found at the start. */
export function createShelf(segments: Segment[], budget: Budget): Shelf {
  for (const { size } of segments) budget.add(size);
  const stored = segments.reduce((sum, segment) => sumOf(sum, segment.stored), NOTHING);
  return { segments, active: undefined, budget, stored, taken: 0 };
}

/** The first segment of which not all was taken. */
export function nextUnread({ segments }: Shelf): Segment | undefined {
  return segments.find(({ readAt, size }) => readAt < size);
}

/** Accounts for a record that came or went. */
export function count(shelf: Shelf, segment: Segment, content: Content, sign: 1 | -1): void {
  const amount = { records: 1, points: content.points, bytes: content.length };
  segment.stored = sumOf(segment.stored, amount, sign);
  shelf.stored = sumOf(shelf.stored, amount, sign);
}

/** Accounts for a record that was taken. */
export function occupy(shelf: Shelf, segment: Segment, at: number, content: Content): Place {
  const place = { segment, at, points: content.points, length: content.length };
  segment.taken.add(place);
  shelf.taken++;
  return place;
}

/** Takes a record out of the log: its file, if it was the last one in it, or by a mark. */
export async function remove(shelf: Shelf, place: Place): Promise<void> {
  const { segment, at } = place;
  if (!segment.taken.delete(place)) return;
  shelf.taken--;
  if (!shelf.segments.includes(segment)) return;
  count(shelf, segment, place, -1);
  const isCleared =
    isSpent(segment) &&
    (await clear(shelf, segment).then(
      () => true,
      () => false,
    ));
  if (isCleared) return;
  await writeAll(await fileOf(segment), [Buffer.of(REMOVED)], at + STATE_AT);
}

/** True where nothing in a segment is wanted any more. */
export function isSpent({ taken, readAt, size }: Segment): boolean {
  return taken.size === 0 && readAt >= size;
}

/** Removes a spent segment; the one that is written to is emptied. */
export async function clear(shelf: Shelf, segment: Segment): Promise<void> {
  if (segment === shelf.active) {
    await (await fileOf(segment)).truncate(0);
    shelf.budget.add(-segment.size);
    [segment.size, segment.readAt] = [0, 0];
    forgetContent(shelf, segment);
    return;
  }
  await unlink(segment.path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await drop(shelf, segment);
}

/** Takes a segment off the shelf, whatever became of its file. */
export async function drop(shelf: Shelf, segment: Segment): Promise<void> {
  const at = shelf.segments.indexOf(segment);
  if (at < 0) return;
  shelf.segments.splice(at, 1);
  if (segment === shelf.active) shelf.active = undefined;
  shelf.budget.add(-segment.size);
  forgetContent(shelf, segment);
  await segment.file?.close().catch(() => {});
}

/** What headers told may be more than what was found. */
function forgetContent(shelf: Shelf, segment: Segment): void {
  shelf.stored = sumOf(shelf.stored, segment.stored, -1);
  segment.stored = NOTHING;
}
