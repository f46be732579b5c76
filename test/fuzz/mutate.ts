/** Numbers from 0 up to `limit`, the same for the same seed. */
export type Random = (limit: number) => number;

/** Makes one: mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const NUMBERS = [
  ...[
    '0',
    '1',
    '-1',
    '-0',
    '--1',
    '-',
    'max',
    '-max',
    'NaN',
    'Infinity',
    '0x10',
    '1e999',
    '-1e308',
  ],
  ...[
    '1e308',
    '0.1',
    '4294967296',
    '9007199254740993',
    '9223372036854771712',
    '9223372036854775807',
  ],
  ...[
    '18446744073709551615',
    '99999999999999999999',
    '007',
    '1_000',
    '"1"',
    'null',
    '[]',
    '{}',
    '',
  ],
];
const LONG = 70_000;
/** What takes each a piece of `bytes` and gives what stands there instead. */
const MUTATIONS: readonly ((bytes: Buffer, random: Random, other: Buffer) => Buffer)[] = [
  flip,
  cut,
  duplicate,
  swapNumber,
  swapNumber,
  splice,
  insertBytes,
  duplicateLines,
];

/** One to four mutations of `bytes`; `other` is where foreign parts come from. */
export function mutate(bytes: Buffer, other: Buffer, random: Random): Buffer {
  let mutated: Buffer = Buffer.from(bytes);
  for (let left = 1 + random(4); left > 0; left--) {
    const mutation = random(2000) === 0 ? insertLong : MUTATIONS[random(MUTATIONS.length)];
    mutated = mutation?.(mutated, random, other) ?? mutated;
  }
  return mutated.subarray(0, 4 * LONG);
}

function flip(bytes: Buffer, random: Random): Buffer {
  for (let left = 1 + random(3); left > 0 && bytes.length > 0; left--) {
    const at = random(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << random(8));
  }
  return bytes;
}

function cut(bytes: Buffer, random: Random): Buffer {
  const from = random(bytes.length + 1);
  const to = random(2) === 0 ? bytes.length : from + random(bytes.length - from + 1);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

function duplicate(bytes: Buffer, random: Random): Buffer {
  const from = random(bytes.length + 1);
  const to = from + random(Math.min(200, bytes.length - from) + 1);
  return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
}

function swapNumber(bytes: Buffer, random: Random): Buffer {
  const start = random(bytes.length + 1);
  let from = start;
  while (from < bytes.length && !isDigit(bytes[from])) from++;
  let to = from;
  while (to < bytes.length && isDigit(bytes[to])) to++;
  const number = Buffer.from(NUMBERS[random(NUMBERS.length)] as string);
  return Buffer.concat([bytes.subarray(0, from), number, bytes.subarray(to)]);
}

function splice(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const at = random(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), other.subarray(random(other.length + 1))]);
}

function insertBytes(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1);
  const piece = Buffer.from(Array.from({ length: 1 + random(8) }, () => random(256)));
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

function duplicateLines(bytes: Buffer, random: Random): Buffer {
  const end = bytes.indexOf(10, random(bytes.length + 1)) + 1;
  const start = bytes.lastIndexOf(10, Math.max(0, end - 2)) + 1;
  const line = bytes.subarray(start, end);
  return Buffer.concat([bytes, ...Array.from({ length: 1 + random(20) }, () => line)]);
}

/** Digits, minus signs, brackets or blanks without end. */
function insertLong(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1);
  const piece = Buffer.alloc(
    LONG,
    ['9', '0', '-', '[', '{"a":', ' ', '\n', 'a-', '/a', '1 '][random(10)],
  );
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}
