const ZERO = 48;
const NINE = 57;
const MINUS = 45;
const SPACE = 32;
const EXACT_DIGITS = 15;
/** No number of a kernel file has more. */
const MAX_DIGITS = 32;

/** Kernel limits at or over this many bytes mean unlimited (v1's PAGE_COUNTER_MAX is near 2^63). */
const UNLIMITED = 2 ** 62;

/**
 * Reads the decimal number, or the word `max`, at `offset`. Returns Infinity for `max` and for
 * sentinels over 2^62, undefined when there is no number. Exact rounding at any length.
 */
export function numberAt(bytes: Uint8Array, offset: number, end: number): number | undefined {
  if (offset < end && bytes[offset] === MINUS) {
    const value = unsignedAt(bytes, offset + 1, end);
    return value === undefined ? undefined : 0 - value;
  }
  return unsignedAt(bytes, offset, end);
}

function unsignedAt(bytes: Uint8Array, offset: number, end: number): number | undefined {
  let at = offset;
  let value = 0;
  const start = at;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte < ZERO || byte > NINE) break;
    value = value * 10 + (byte - ZERO);
    at++;
  }
  if (at === start) return isMax(bytes, offset, end) ? Number.POSITIVE_INFINITY : undefined;
  if (at - start <= EXACT_DIGITS) return value;
  // Adding digit by digit rounds more than once past 2^53, and a counter could seem to go back.
  if (at - start <= MAX_DIGITS) value = Number(String.fromCharCode(...bytes.subarray(start, at)));
  return value >= UNLIMITED ? Number.POSITIVE_INFINITY : value;
}

function isMax(bytes: Uint8Array, offset: number, end: number): boolean {
  return (
    end - offset >= 3 &&
    bytes[offset] === 109 &&
    bytes[offset + 1] === 97 &&
    bytes[offset + 2] === 120
  );
}

/** The number that digits of a kernel file stand for; Infinity, which no row holds, from 2^62 on. */
export function countOf(digits: string | undefined): number {
  const value = Number(digits);
  return value >= UNLIMITED ? Number.POSITIVE_INFINITY : value;
}

const NEWLINE = 10;

/** Where the line that holds `offset` ends: at its newline, or at `end`. */
export function lineEnd(bytes: Uint8Array, offset: number, end: number): number {
  let at = offset;
  while (at < end && bytes[at] !== NEWLINE) at++;
  return at;
}

/** The number on each line, such as the pids of cgroup.procs; lines without one are left out. */
export function numbersByLine(bytes: Uint8Array, end: number): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < end; at = lineEnd(bytes, at, end) + 1) {
    const value = numberAt(bytes, at, end);
    if (value !== undefined) numbers.push(value);
  }
  return numbers;
}

/**
 * Reads decimal numbers that stand apart by spaces until `out` is full. Returns how many there were
 * before the line ended.
 */
export function numbersAcross(
  bytes: Uint8Array,
  offset: number,
  end: number,
  out: Float64Array,
): number {
  let at = offset;
  for (let count = 0; count < out.length; count++) {
    while (at < end && bytes[at] === SPACE) at++;
    const value = numberAt(bytes, at, end);
    if (value === undefined) return count;
    out[count] = value;
    while (at < end && bytes[at] !== SPACE && bytes[at] !== NEWLINE) at++;
  }
  return out.length;
}
