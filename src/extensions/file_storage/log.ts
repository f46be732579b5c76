import {
  type LogRecord,
  type RecordLog,
  StorageError,
  type StoredRecord,
} from '../../component/storage.ts';
import { createTurns } from '../../helper/in-turn.ts';
import type { Budget } from './budget.ts';
import { compactSegment } from './compact.ts';
import { HEADER_BYTES } from './frame.ts';
import { createReader, type Reader } from './reader.ts';
import type { Place, Segment } from './segment.ts';
import { countStored, readSegments, wasteOf } from './segments.ts';
import {
  clear,
  count,
  createShelf,
  isSpent,
  nextUnread,
  occupy,
  remove,
  type Shelf,
} from './shelf.ts';
import { createTaker, type DamageReport } from './taker.ts';
import { createWriter, sizeOf, type WriterSettings } from './writer.ts';

/** What a log is made of. */
export interface LogSettings extends WriterSettings {
  readonly budget: Budget;
  /** Where copies are made when files are compacted, on the same file system. */
  readonly copiesFolder: string;
  readonly damaged: DamageReport;
  /** Told when it was closed. */
  closed(): void;
}

/** A log in files. */
export interface FileLog extends RecordLog {
  /** Bytes of its files, and how many of them nobody wants. */
  size(): { readonly bytes: number; readonly waste: number };
  /** Bytes of files in another format, which are left alone. */
  readonly foreignBytes: number;
  /** Takes out of files what nobody wants. */
  compact(): Promise<void>;
}

/** Buffers that are kept for `take`, so that what is sent at once is not read again. */
const MAX_FRESH_BYTES = 8 * 2 ** 20;

/** Opens the log of a folder, and looks at the headers of all that is stored. */
export async function openFileLog(settings: LogSettings): Promise<FileLog> {
  const { folder, format, budget } = settings;
  const reader = createReader();
  const { segments, highest, foreignBytes } = await readSegments(folder, format);
  for (const segment of segments) await countStored(segment, reader);
  budget.add(foreignBytes);
  return createLog(settings, createShelf(segments, budget), reader, highest, foreignBytes);
}

function createLog(
  settings: LogSettings,
  shelf: Shelf,
  reader: Reader,
  highest: number,
  foreignBytes: number,
): FileLog {
  const { budget, copiesFolder, fsync } = settings;
  const inTurn = createTurns();
  const writer = createWriter(settings, shelf, highest);
  const takeFromFiles = createTaker(shelf, reader, settings.damaged);
  /** Written, and taken by nobody yet. */
  const fresh: { readonly place: Place; readonly bytes: Buffer }[] = [];
  let freshBytes = 0;
  let isClosed = false;
  return {
    append: (records) => inTurn(() => append(records)),
    take: (allocate) => inTurn(() => take(allocate)),
    compact: () => inTurn(compact),
    close: () => inTurn(close),
    size,
    foreignBytes,
    get stored() {
      return shelf.stored;
    },
    get waiting() {
      const isUnread = nextUnread(shelf) !== undefined;
      return fresh.length + (isUnread ? Math.max(1, shelf.stored.records - shelf.taken) : 0);
    },
  };

  function size() {
    return {
      bytes: shelf.segments.reduce((sum, each) => sum + each.size, 0),
      waste: shelf.segments.reduce((sum, each) => sum + wasteOf(each), 0),
    };
  }

  async function append(records: readonly LogRecord[]): Promise<boolean> {
    await makeRoom(sizeOf(records));
    const bytes = records.reduce((sum, record) => sum + record.bytes.length, 0);
    const isKept = nextUnread(shelf) === undefined && freshBytes + bytes <= MAX_FRESH_BYTES;
    const written = await writer.write(records);
    const { segment } = written;
    let { at } = written;
    // The file may have been emptied since it was looked at.
    if (at === 0) reader.forget();
    for (const record of records) {
      const content = { points: record.points, length: record.bytes.length };
      count(shelf, segment, content, 1);
      if (isKept) fresh.push({ place: occupy(shelf, segment, at, content), bytes: record.bytes });
      at += HEADER_BYTES + content.length;
    }
    if (!isKept) return false;
    segment.readAt = at;
    freshBytes += bytes;
    return true;
  }

  async function makeRoom(bytes: number): Promise<void> {
    const missing = () => budget.used + bytes - budget.max;
    if (missing() > 0 && size().waste >= missing()) await compact();
    if (missing() > 0) throw new StorageError(`${budget.max} bytes are stored, which is max_size`);
  }

  async function take(allocate: (size: number) => Buffer): Promise<StoredRecord | undefined> {
    if (isClosed) return undefined;
    const next = fresh.shift();
    if (next === undefined) {
      const found = await takeFromFiles(allocate);
      return found && recordOf(found.place, found.bytes);
    }
    freshBytes -= next.bytes.length;
    return recordOf(next.place, next.bytes);
  }

  function recordOf(place: Place, bytes: Buffer): StoredRecord {
    const removeIt = async () => (isClosed ? undefined : remove(shelf, place));
    return { bytes, points: place.points, remove: () => inTurn(removeIt) };
  }

  /** What cannot be copied, as for a full disk, stays as it is. */
  async function compact(): Promise<void> {
    for (const segment of [...shelf.segments]) {
      if (wasteOf(segment) === 0) continue;
      const before = segment.size;
      await compactSegment(segment, reader, copiesFolder, fsync).catch(() => {});
      budget.add(segment.size - before);
      await clearSpent(segment).catch(() => {});
    }
  }

  async function clearSpent(segment: Segment): Promise<void> {
    if (isSpent(segment)) await clear(shelf, segment);
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    shelf.active = undefined;
    for (const segment of [...shelf.segments]) {
      await clearSpent(segment).catch(() => {});
      await segment.file?.close();
      segment.file = undefined;
    }
    budget.add(-size().bytes - foreignBytes);
    settings.closed();
  }
}
