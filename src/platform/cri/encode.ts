import type { Field, Fields, MessageType, Written } from './message.ts';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIRST_BYTES = 1024;

/** Where a message is written; it grows. */
interface Output {
  bytes: Buffer;
  at: number;
}

type Values = Readonly<Record<string, unknown>>;

/** Writes a message as protobuf: 64-bit numbers exactly, what is undefined or default not at all. */
export function encode<M extends MessageType<Fields>>(type: M, value: Written<M>): Buffer {
  const out: Output = { bytes: Buffer.allocUnsafe(FIRST_BYTES), at: 0 };
  writeFields(out, type, value as Values);
  return out.bytes.subarray(0, out.at);
}

function writeFields(out: Output, { fields }: MessageType<Fields>, values: Values): void {
  for (const name in fields) {
    const value = values[name];
    if (value === undefined) continue;
    const field = fields[name] as Field;
    if (!field.isRepeated) writeField(out, field, value);
    else for (const each of value as readonly unknown[]) writeItem(out, field, each);
  }
}

/** Defaults are not sent; a message and a wrapped zero are, since their presence tells something. */
function writeField(out: Output, field: Field, value: unknown): void {
  if (value === '' || value === 0 || value === false) return;
  if (value === 0n && field.kind !== 'wrapped') return;
  writeItem(out, field, value);
}

function writeItem(out: Output, { number, kind, of }: Field, value: unknown): void {
  switch (kind) {
    case 'string':
      writeString(out, number, value as string);
      break;
    case 'message':
      within(out, number, () => writeFields(out, of as MessageType<Fields>, value as Values));
      break;
    case 'wrapped':
      within(out, number, () => {
        if (value !== 0n) writeBig(out, 1, value as bigint);
      });
      break;
    case 'labels':
      for (const [key, text] of Object.entries(value as Readonly<Record<string, string>>)) {
        within(out, number, () => {
          writeString(out, 1, key);
          writeString(out, 2, text);
        });
      }
      break;
    case 'int64':
    case 'uint64':
      writeBig(out, number, value as bigint);
      break;
    case 'double':
      writeTag(out, number, FIXED64);
      reserve(out, 8);
      out.at = out.bytes.writeDoubleLE(value as number, out.at);
      break;
    default:
      writeTag(out, number, VARINT);
      writeVarint(out, Number(value));
  }
}

/** A field of bytes whose length is known once they are written: most are below 128. */
function within(out: Output, number: number, write: () => void): void {
  writeTag(out, number, LENGTH);
  reserve(out, 1);
  const start = ++out.at;
  write();
  const length = out.at - start;
  if (length >= 128) {
    const more = varintSize(length) - 1;
    reserve(out, more);
    out.bytes.copyWithin(start + more, start, out.at);
    out.at += more;
  }
  const end = out.at;
  out.at = start - 1;
  writeVarint(out, length);
  out.at = end;
}

function writeString(out: Output, number: number, text: string): void {
  const length = Buffer.byteLength(text);
  writeTag(out, number, LENGTH);
  writeVarint(out, length);
  reserve(out, length);
  out.at += out.bytes.write(text, out.at);
}

function writeTag(out: Output, number: number, wire: number): void {
  writeVarint(out, number * 8 + wire);
}

function writeBig(out: Output, number: number, value: bigint): void {
  writeTag(out, number, VARINT);
  reserve(out, 10);
  let left = BigInt.asUintN(64, value);
  for (; left >= 128n; left >>= 7n) out.bytes[out.at++] = Number(left & 127n) | 128;
  out.bytes[out.at++] = Number(left);
}

function writeVarint(out: Output, value: number): void {
  reserve(out, 5);
  let left = value;
  for (; left >= 128; left >>>= 7) out.bytes[out.at++] = (left & 127) | 128;
  out.bytes[out.at++] = left;
}

function varintSize(value: number): number {
  let size = 1;
  for (let left = value; left >= 128; left >>>= 7) size++;
  return size;
}

function reserve(out: Output, count: number): void {
  if (out.at + count <= out.bytes.length) return;
  const bytes = Buffer.allocUnsafe(Math.max(out.bytes.length * 2, out.at + count));
  out.bytes.copy(bytes, 0, 0, out.at);
  out.bytes = bytes;
}
