import { LibvirtProtocolError } from './errors.ts';

/** A place in bytes of XDR (RFC 4506): big-endian, all in units of four. */
export interface XdrReader {
  readonly bytes: Buffer;
  readonly view: DataView;
  offset: number;
}

/** libvirt's own bound of a string: REMOTE_STRING_MAX. */
const MAX_STRING_BYTES = 4 * 1024 * 1024;
const HIGH = 2 ** 32;

/** Reads from the start of `bytes`. Each read throws a LibvirtProtocolError at the end of them. */
export function createXdrReader(bytes: Buffer): XdrReader {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
}

/** Moves over `length` bytes and their padding; the answer is where they start. */
export function skip(reader: XdrReader, length: number): number {
  const start = reader.offset;
  const end = start + length + (-length & 3);
  if (end > reader.bytes.length) throw new LibvirtProtocolError('the message ends too early');
  reader.offset = end;
  return start;
}

/** A signed integer of 32 bits. */
export function readInt(reader: XdrReader): number {
  return reader.view.getInt32(skip(reader, 4));
}

/** An unsigned integer of 32 bits. */
export function readUint(reader: XdrReader): number {
  return reader.view.getUint32(skip(reader, 4));
}

/** A signed integer of 64 bits: a bigint where a number would not be exact. */
export function readHyper(reader: XdrReader): number | bigint {
  const start = skip(reader, 8);
  const value = reader.view.getInt32(start) * HIGH + reader.view.getUint32(start + 4);
  return Number.isSafeInteger(value) ? value : reader.view.getBigInt64(start);
}

/** An unsigned integer of 64 bits: a bigint where a number would not be exact. */
export function readUnsignedHyper(reader: XdrReader): number | bigint {
  const start = skip(reader, 8);
  const value = reader.view.getUint32(start) * HIGH + reader.view.getUint32(start + 4);
  return Number.isSafeInteger(value) ? value : reader.view.getBigUint64(start);
}

/** A floating point number of 64 bits. */
export function readDouble(reader: XdrReader): number {
  return reader.view.getFloat64(skip(reader, 8));
}

/** A string of UTF-8. */
export function readString(reader: XdrReader): string {
  const length = readUint(reader);
  if (length > MAX_STRING_BYTES) throw new LibvirtProtocolError(`a string of ${length} bytes`);
  const start = skip(reader, length);
  return reader.bytes.toString('utf8', start, start + length);
}

/** What may be left out. */
export function readOptional<T>(reader: XdrReader, read: (from: XdrReader) => T): T | undefined {
  const isThere = readUint(reader);
  if (isThere > 1) throw new LibvirtProtocolError(`a presence of ${isThere}`);
  return isThere === 1 ? read(reader) : undefined;
}

/** The length of an array whose elements take `minBytes` at least, so that the bytes bound it. */
export function readCount(reader: XdrReader, minBytes: number): number {
  const count = readUint(reader);
  if (count * minBytes > reader.bytes.length - reader.offset) {
    throw new LibvirtProtocolError(`${count} elements in a message that is too short for them`);
  }
  return count;
}

/** An array of what `read` reads. */
export function readArray<T>(
  reader: XdrReader,
  minBytes: number,
  read: (from: XdrReader) => T,
): T[] {
  const count = readCount(reader, minBytes);
  const values: T[] = [];
  for (let i = 0; i < count; i++) values.push(read(reader));
  return values;
}

/** Bytes behind the last value mean that something else was read than was sent. */
export function expectEnd(reader: XdrReader): void {
  const rest = reader.bytes.length - reader.offset;
  if (rest > 0) throw new LibvirtProtocolError(`the message goes on for ${rest} bytes`);
}

/** A 32 bit integer of either kind. */
export function encodeInt(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

/** A string with its length and padding. */
export function encodeString(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.alloc(4 + length + (-length & 3));
  bytes.writeUInt32BE(length);
  bytes.write(text, 4);
  return bytes;
}
