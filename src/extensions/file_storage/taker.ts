import { BLOCK_BYTES, type Found, type Reader } from './reader.ts';
import type { Place, Segment } from './segment.ts';
import { clear, count, drop, isSpent, nextUnread, occupy, type Shelf } from './shelf.ts';

/** Told of a file with a record that cannot be read, and its points where they are known. */
export type DamageReport = (path: string, points: number) => void;

/** Takes the next record out of files; undefined when there is none. One call at a time. */
export type Taker = (
  allocate: (size: number) => Buffer,
) => Promise<{ readonly place: Place; readonly bytes: Buffer } | undefined>;

/** How often a place that cannot be read is tried. */
const MAX_FAILURES = 3;

/** Makes it. What is damaged is told once and left out, and so is a file that is gone. */
export function createTaker(shelf: Shelf, reader: Reader, damaged: DamageReport): Taker {
  let failures = 0;
  return async (allocate) => {
    for (let segment = nextUnread(shelf); segment !== undefined; segment = nextUnread(shelf)) {
      try {
        const found = await findWanted(segment);
        if (found === undefined) continue;
        const bytes = await reader.payload(segment, found, allocate);
        if (bytes === undefined) {
          skipPayload(segment, found);
          continue;
        }
        segment.readAt = found.end;
        failures = 0;
        return { place: occupy(shelf, segment, found.at, found), bytes };
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT') {
          damaged(segment.path, pointsUntaken(segment));
          await drop(shelf, segment);
        } else skipBadBlock(segment, error);
      }
    }
    return undefined;
  };

  /** What was taken is in memory, and not lost. */
  function pointsUntaken({ stored, taken }: Segment): number {
    const points = [...taken].reduce((sum, place) => sum + place.points, 0);
    return Math.max(0, stored.points - points);
  }

  /** Goes to the next record; undefined where it is not wanted, or there is none. */
  async function findWanted(segment: Segment): Promise<Found | undefined> {
    const found = await reader.find(segment, segment.readAt);
    const at = found?.at ?? segment.size;
    if (at > segment.readAt && !segment.isSearching) damaged(segment.path, 0);
    segment.isSearching = false;
    if (found !== undefined && !found.isRemoved) {
      segment.readAt = at;
      return found;
    }
    segment.readAt = found?.end ?? segment.size;
    if (isSpent(segment)) await clear(shelf, segment);
    return undefined;
  }

  /** Throws the error while it may be over soon, so that little is lost where it is not the disk's. */
  function skipBadBlock(segment: Segment, error: unknown): void {
    failures++;
    if ((error as NodeJS.ErrnoException).code !== 'EIO' || failures < MAX_FAILURES) throw error;
    failures = 0;
    if (!segment.isSearching) damaged(segment.path, 0);
    segment.readAt = Math.min(segment.size, segment.readAt + BLOCK_BYTES);
    segment.isSearching = true;
  }

  /** Its length may be wrong, so the next record is looked for in it. */
  function skipPayload(segment: Segment, found: Found): void {
    damaged(segment.path, found.points);
    count(shelf, segment, found, -1);
    segment.readAt = found.at + 1;
    segment.isSearching = true;
  }
}
