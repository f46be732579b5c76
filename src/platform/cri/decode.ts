import type { Field, Fields, Kind, MessageType, Read } from './message.ts';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Bytes that are read from front to end. */
interface Input {
  readonly bytes: Buffer;
  at: number;
  readonly end: number;
}

const WIRE_OF: Readonly<Record<Kind, number>> = {
  string: LENGTH,
  labels: LENGTH,
  wrapped: LENGTH,
  message: LENGTH,
  double: FIXED64,
  bool: VARINT,
  uint32: VARINT,
  enum: VARINT,
  int64: VARINT,
  uint64: VARINT,
};

/** A message of the CRI could not be read; names it. */
class WireError extends Error {
  readonly code = 'CRI_WIRE';
}

/**
 * Reads a message: unknown fields are skipped, the last of a field that may be there once counts.
 * Throws an error that names the message for what is no protobuf. Copies all it keeps.
 */
export function decode<M extends MessageType<Fields>>(type: M, bytes: Buffer): Read<M> {
  try {
    return readFields({ bytes, at: 0, end: bytes.length }, type) as Read<M>;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new WireError(`not a ${type.name} of the CRI: ${error.message}`);
  }
}

/** The fields of each message type by number, made when it is first read. */
const numbered = new WeakMap<MessageType<Fields>, Map<number, readonly [string, Field]>>();

function readFields(input: Input, type: MessageType<Fields>): Record<string, unknown> {
  const fields = fieldsOf(type);
  const values: Record<string, unknown> = {};
  const maps = new Map<string, [string, string][]>();
  for (const [name, field] of fields.values()) values[name] = initialOf(field);
  while (input.at < input.end) {
    const tag = readVarint(input);
    const found = fields.get(Math.floor(tag / 8));
    const wire = tag % 8;
    if (found === undefined || WIRE_OF[found[1].kind] !== wire) {
      skip(input, wire);
      continue;
    }
    const [name, field] = found;
    if (field.kind === 'labels') {
      const entries = maps.get(name) ?? [];
      entries.push(readEntry(inner(input)));
      maps.set(name, entries);
    } else if (field.isRepeated) {
      (values[name] as unknown[]).push(readValue(input, field));
    } else {
      values[name] = readValue(input, field);
    }
  }
  for (const [name, entries] of maps) values[name] = Object.fromEntries(entries);
  return values;
}

function fieldsOf(type: MessageType<Fields>): Map<number, readonly [string, Field]> {
  const known = numbered.get(type);
  if (known !== undefined) return known;
  const entries = Object.entries(type.fields);
  const made = new Map(entries.map((entry) => [entry[1].number, entry] as const));
  numbered.set(type, made);
  return made;
}

function initialOf({ kind, isRepeated }: Field): unknown {
  if (isRepeated) return [];
  switch (kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'labels':
      return {};
    case 'int64':
    case 'uint64':
      return 0n;
    case 'wrapped':
    case 'message':
      return undefined;
    default:
      return 0;
  }
}

function readValue(input: Input, { kind, of }: Field): unknown {
  switch (kind) {
    case 'string':
      return readString(input);
    case 'message':
      return readFields(inner(input), of as MessageType<Fields>);
    case 'wrapped':
      return readWrapped(inner(input));
    case 'int64':
      return BigInt.asIntN(64, readBig(input));
    case 'uint64':
      return readBig(input);
    case 'double': {
      const at = take(input, 8);
      return input.bytes.readDoubleLE(at);
    }
    case 'bool':
      return readBig(input) !== 0n;
    default:
      return Number(BigInt.asUintN(32, readBig(input)));
  }
}

function readEntry(input: Input): [string, string] {
  const entry: [string, string] = ['', ''];
  while (input.at < input.end) {
    const tag = readVarint(input);
    const slot = Math.floor(tag / 8) - 1;
    if (tag % 8 === LENGTH && (slot === 0 || slot === 1)) entry[slot] = readString(input);
    else skip(input, tag % 8);
  }
  return entry;
}

function readWrapped(input: Input): bigint {
  let value = 0n;
  while (input.at < input.end) {
    const tag = readVarint(input);
    if (tag === 8) value = readBig(input);
    else skip(input, tag % 8);
  }
  return value;
}

function inner(input: Input): Input {
  const length = readVarint(input);
  const at = take(input, length);
  return { bytes: input.bytes, at, end: at + length };
}

function readString(input: Input): string {
  const { bytes, at, end } = inner(input);
  return bytes.toString('utf8', at, end);
}

/** A varint of a tag or a length: 32 bits. */
function readVarint(input: Input): number {
  const value = readBig(input);
  if (value > 0xffff_ffffn) throw new WireError('a length or a tag is too large');
  return Number(value);
}

function readBig(input: Input): bigint {
  let low = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = next(input);
    low |= (byte & 127) << shift;
    if (byte < 128) return BigInt(low);
  }
  let value = BigInt(low);
  for (let shift = 28n; shift < 70n; shift += 7n) {
    const byte = next(input);
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asUintN(64, value);
  }
  throw new WireError('a number has more than ten bytes');
}

function next(input: Input): number {
  return input.bytes[take(input, 1)] as number;
}

function take(input: Input, count: number): number {
  const { at } = input;
  if (at + count > input.end) throw new WireError('it ends too early');
  input.at += count;
  return at;
}

function skip(input: Input, wire: number): void {
  if (wire === VARINT) readBig(input);
  else if (wire === FIXED64) take(input, 8);
  else if (wire === LENGTH) take(input, readVarint(input));
  else if (wire === FIXED32) take(input, 4);
  else throw new WireError(`wire type ${wire} is none of protobuf's`);
}
