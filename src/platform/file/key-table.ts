import { numberAt } from './bytes.ts';

const SPACE = 32;
const NEWLINE = 10;
const EQUALS = 61;

/**
 * Reads keys with numbers, in any order, and ignores unknown keys. Values land in a Float64Array
 * at the index that the key has in `keys`; absent is NaN.
 */
export interface KeyTable {
  readonly keys: readonly string[];
  /** Reads the bytes from `start` (0 by default) up to `end`. */
  parse(bytes: Uint8Array, end: number, out: Float64Array, start?: number): void;
}

/** The table of flat-keyed files: `key value` lines. */
export function createKeyTable(keys: readonly string[]): KeyTable {
  return createTable(keys, SPACE, NEWLINE);
}

/** The table of nested-keyed lines: `key=value` with a space between. */
export function createPairTable(keys: readonly string[]): KeyTable {
  return createTable(keys, EQUALS, SPACE);
}

function createTable(keys: readonly string[], assign: number, separator: number): KeyTable {
  const size = 4 << Math.ceil(Math.log2(keys.length + 1));
  const slots = new Int16Array(size).fill(-1);
  const names = keys.map((key) => Buffer.from(key, 'latin1'));
  names.forEach((name, index) => {
    let slot = hashOf(name) & (size - 1);
    while (slots[slot] !== -1) slot = (slot + 1) & (size - 1);
    slots[slot] = index;
  });
  return { keys, parse };

  function parse(bytes: Uint8Array, end: number, out: Float64Array, from = 0): void {
    out.fill(Number.NaN);
    let at = from;
    while (at < end) {
      const start = at;
      let hash = 0;
      let byte = bytes[at] as number;
      while (byte !== assign && byte !== separator && at < end) {
        hash = (Math.imul(hash, 31) + byte) | 0;
        byte = bytes[++at] as number;
      }
      if (byte === assign && at < end) {
        const index = find(bytes, start, at, hash);
        if (index >= 0) out[index] = numberAt(bytes, at + 1, end) ?? Number.NaN;
      }
      while (at < end && bytes[at] !== separator) at++;
      at++;
    }
  }

  function find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    for (let slot = hash & (size - 1); ; slot = (slot + 1) & (size - 1)) {
      const index = slots[slot] as number;
      if (index === -1 || equals(names[index] as Uint8Array, bytes, start, end)) return index;
    }
  }
}

function hashOf(name: Uint8Array): number {
  let hash = 0;
  for (const byte of name) hash = (Math.imul(hash, 31) + byte) | 0;
  return hash;
}

function equals(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}
