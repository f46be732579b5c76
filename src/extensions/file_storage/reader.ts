import { HEADER_BYTES, type Header, isIntact, MARKER_BYTES, parseHeader } from './frame.ts';
import { fileOf, type Segment } from './segment.ts';

/** A record in a segment. */
export interface Found extends Header {
  readonly at: number;
  readonly end: number;
}

/** Looks for records, through a window on a segment. */
export interface Reader {
  /** The first whole record at or behind a position; undefined when there is none. */
  find(segment: Segment, from: number): Promise<Found | undefined>;
  /** Its payload, in a buffer of `allocate`; undefined when it is not what was written. */
  payload(
    segment: Segment,
    found: Found,
    allocate: (size: number) => Buffer,
  ): Promise<Buffer | undefined>;
  /** Drops the window, as a file has changed. */
  forget(): void;
}

const WINDOW_BYTES = 64 * 1024;
/** What a disk loses at once, at least. */
export const BLOCK_BYTES = 4096;

/** Makes a reader without a window. One call at a time. */
export function createReader(): Reader {
  const memory = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  let of: Segment | undefined;
  let start = 0;
  let window: Buffer = memory;
  return { find, payload, forget };

  async function find(segment: Segment, from: number): Promise<Found | undefined> {
    for (let at = from; at + HEADER_BYTES <= segment.size; ) {
      const header = parseHeader(await view(segment, at, HEADER_BYTES), segment.marker);
      const end = at + HEADER_BYTES + (header?.length ?? 0);
      if (header !== undefined && end <= segment.size) return { ...header, at, end };
      at = await nextMarker(segment, at + 1);
    }
    return undefined;
  }

  /** The end where there is none. */
  async function nextMarker(segment: Segment, from: number): Promise<number> {
    for (let at = from; at + MARKER_BYTES <= segment.size; ) {
      const bytes = await view(segment, at, BLOCK_BYTES);
      const offset = bytes.indexOf(segment.marker);
      if (offset >= 0) return at + offset;
      if (bytes.length < MARKER_BYTES) break;
      at += bytes.length - MARKER_BYTES + 1;
    }
    return segment.size;
  }

  async function payload(
    segment: Segment,
    found: Found,
    allocate: (size: number) => Buffer,
  ): Promise<Buffer | undefined> {
    const bytes = allocate(found.length);
    const at = found.at + HEADER_BYTES;
    const isRead = await readInto(segment, at, bytes);
    return isRead && isIntact(bytes, found) ? bytes : undefined;
  }

  async function readInto(segment: Segment, at: number, bytes: Buffer): Promise<boolean> {
    if (bytes.length <= WINDOW_BYTES) {
      return (await view(segment, at, bytes.length)).copy(bytes) === bytes.length;
    }
    return (await readFully(segment, at, bytes)) === bytes.length;
  }

  /** As many bytes as asked for, up to a window, or as there are; good until the next call. */
  async function view(segment: Segment, at: number, length: number): Promise<Buffer> {
    const isHeld = of === segment && at >= start && at + length <= start + window.length;
    if (!isHeld) {
      forget();
      const left = segment.size - at;
      const all = memory.subarray(0, Math.min(WINDOW_BYTES, left));
      const wanted = memory.subarray(0, Math.min(length, left));
      // A bad block of the disk is no reason not to read what is before it.
      window = await readPart(segment, at, all).catch(() => readPart(segment, at, wanted));
      [of, start] = [segment, at];
    }
    return window.subarray(at - start, at - start + length);
  }

  function forget(): void {
    of = undefined;
  }
}

async function readPart(segment: Segment, at: number, memory: Buffer): Promise<Buffer> {
  return memory.subarray(0, await readFully(segment, at, memory));
}

/** Gives how many bytes there were. */
async function readFully(segment: Segment, at: number, bytes: Buffer): Promise<number> {
  const file = await fileOf(segment);
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
