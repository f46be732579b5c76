/** Protobuf wire types (protobuf.dev/programming-guides/encoding). */
export const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;

/** Writes protobuf fields into a buffer that is large enough; sizes are known before. */
export interface Wire {
  readonly bytes: Buffer;
  readonly view: DataView;
  at: number;
}

/** Starts at the beginning of a fresh buffer, which holds anything. */
export function createWire(
  size: number,
  allocate: (size: number) => Buffer = Buffer.allocUnsafe,
): Wire {
  const bytes = allocate(size);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, size), at: 0 };
}

/** The bytes that a varint takes; up to 2^53. */
export function varintSize(value: number): number {
  if (value < 1 << 7) return 1;
  if (value < 1 << 14) return 2;
  if (value < 1 << 21) return 3;
  let size = 4;
  for (let left = Math.floor(value / 2 ** 28); left > 0; left = Math.floor(left / 128)) size++;
  return size;
}

/** The bytes of a length-delimited field with a tag of one byte. */
export function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** A varint of up to 2^53. */
export function writeVarint(wire: Wire, value: number): void {
  let left = value;
  while (left >= 128) {
    wire.bytes[wire.at++] = (left % 128) | 128;
    left = Math.floor(left / 128);
  }
  wire.bytes[wire.at++] = left;
}

/** The tag of a field below 16. */
export function writeTag(wire: Wire, field: number, type: number): void {
  wire.bytes[wire.at++] = (field << 3) | type;
}

/** The head of a length-delimited field; its content follows. */
export function writeLength(wire: Wire, field: number, length: number): void {
  writeTag(wire, field, LENGTH);
  writeVarint(wire, length);
}

/** Bytes as they are: fields that were encoded before. */
export function writeRaw(wire: Wire, bytes: Uint8Array): void {
  wire.bytes.set(bytes, wire.at);
  wire.at += bytes.length;
}

/** A whole number as 64 bits, two's complement. Exact up to 2^53 on both sides of zero. */
export function writeFixed64(wire: Wire, field: number, value: number): void {
  writeTag(wire, field, FIXED64);
  write64(wire, value);
}

/** The same without a tag, in packed fields. */
export function write64(wire: Wire, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  wire.view.setUint32(wire.at, value - high * 2 ** 32, true);
  wire.view.setInt32(wire.at + 4, high, true);
  wire.at += 8;
}

/** A time in ms as nanoseconds, which are past 2^53: exact to the microsecond. */
export function writeNanos(wire: Wire, field: number, millis: number): void {
  writeTag(wire, field, FIXED64);
  const micros = Math.round(millis * 1000);
  const high = Math.floor(micros / 2 ** 32);
  const low = (micros - high * 2 ** 32) * 1000;
  const carry = Math.floor(low / 2 ** 32);
  wire.view.setUint32(wire.at, low - carry * 2 ** 32, true);
  wire.view.setUint32(wire.at + 4, high * 1000 + carry, true);
  wire.at += 8;
}

/** A double. */
export function writeDouble(wire: Wire, field: number, value: number): void {
  writeTag(wire, field, FIXED64);
  writeRawDouble(wire, value);
}

/** The same without a tag, in packed fields. */
export function writeRawDouble(wire: Wire, value: number): void {
  wire.view.setFloat64(wire.at, value, true);
  wire.at += 8;
}
