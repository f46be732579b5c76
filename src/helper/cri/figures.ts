/** What was read, and when by the runtime's own word: ms since the epoch. */
export interface Timed<Figures> {
  readonly time: number;
  readonly figures: Figures;
}

/** Older figures are of a cache that nobody renews, as CRI-O's was. */
const MAX_AGE_MILLIS = 5 * 60_000;
/** Runtimes write the clock that this process reads. */
const MAX_AHEAD_MILLIS = 60_000;
/** Beyond are unsigned subtractions that went below zero, and "unlimited". */
const MAX_COUNT = 2n ** 62n;
const NANOS_PER_MILLI = 1_000_000n;

/** The time of a figure: undefined for none, and for one that is not of now. */
export function millisOf(nanos: bigint, now: number): number | undefined {
  const millis = Number(nanos / NANOS_PER_MILLI);
  return nanos > 0n && millis >= now - MAX_AGE_MILLIS && millis <= now + MAX_AHEAD_MILLIS
    ? millis
    : undefined;
}

/** A count that may be zero. */
export function countOf(value: bigint | undefined): number | undefined {
  return value === undefined || value >= MAX_COUNT ? undefined : Number(value);
}

/** A count of what cannot be nothing, such as the memory of a process: zero is not known. */
export function positiveOf(value: bigint | undefined): number | undefined {
  return countOf(value) || undefined;
}

/** Reads a part of the stats that is of now; undefined where it has no time, or no figures. */
export function timed<Part extends { readonly timestamp: bigint }, Value>(
  part: Part | undefined,
  now: number,
  read: (part: Part) => Value | undefined,
): Timed<Value> | undefined {
  const time = part && millisOf(part.timestamp, now);
  const figures = time === undefined ? undefined : read(part as Part);
  return figures === undefined ? undefined : { time: time as number, figures };
}
