import { numberText } from '../../helper/prometheus/parts.ts';

const ZERO = 48;
const DOT = 46;
const MINUS = 45;
const NANOS = 1e9;

/**
 * Writes a number as the shortest decimal text that reads back as the same double, and returns
 * the offset behind it. At least 32 bytes must be free.
 */
export function writeNumber(bytes: Uint8Array, offset: number, value: number): number {
  if (Number.isSafeInteger(value)) return writeInteger(bytes, offset, value);
  const nanos = Math.round(value * NANOS);
  // Seconds that a kernel counted in ns or us: exact when dividing gives the same double again.
  if (nanos > 0 && Number.isSafeInteger(nanos) && nanos / NANOS === value) {
    const whole = Math.floor(nanos / NANOS);
    return writeFraction(bytes, writeInteger(bytes, offset, whole), nanos - whole * NANOS);
  }
  return writeText(bytes, offset, numberText(value));
}

function writeInteger(bytes: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  if (rest < 0) {
    bytes[at++] = MINUS;
    rest = -rest;
  }
  const end = at + digitsOf(rest);
  let place = end - 1;
  while (rest >= 2 ** 31) {
    const next = Math.floor(rest / 10);
    bytes[place--] = ZERO + (rest - next * 10);
    rest = next;
  }
  let small = rest | 0;
  do {
    const next = (small / 10) | 0;
    bytes[place--] = ZERO + (small - next * 10);
    small = next;
  } while (place >= at);
  return end;
}

function writeFraction(bytes: Uint8Array, offset: number, nanos: number): number {
  let rest = nanos | 0;
  let digits = 9;
  while (rest % 10 === 0 && digits > 1) {
    rest = (rest / 10) | 0;
    digits--;
  }
  bytes[offset] = DOT;
  for (let at = offset + digits; at > offset; at--) {
    const next = (rest / 10) | 0;
    bytes[at] = ZERO + (rest - next * 10);
    rest = next;
  }
  return offset + digits + 1;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  return digits;
}

function writeText(bytes: Uint8Array, offset: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[offset + i] = text.charCodeAt(i);
  return offset + text.length;
}
