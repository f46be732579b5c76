import type { HistogramPoint, NumberPoint, Point } from '../../pdata/point.ts';

/** A sum or a histogram. */
export type Counted = NumberPoint | HistogramPoint;

/** True for a point that can be counted on. */
export function isCounted(point: Point): point is Counted {
  if (point.kind === 'number') return Number.isFinite(point.value);
  return point.kind === 'histogram' && Number.isFinite(point.count) && Number.isFinite(point.sum);
}

/**
 * What was counted since `last`; undefined when that is not known: the source began anew, and does
 * not say when.
 */
export function deltaOf(point: Counted, last: Counted): Counted | undefined {
  const gain = gainOf(point, last);
  // A start before the last value is that of the same counter, better known.
  const isNewCounter = point.start > last.start && (point.start >= last.time || !gain);
  return isNewCounter ? { ...point, start: Math.max(point.start, last.time) } : gain;
}

/** Undefined where something went back. */
function gainOf(point: Counted, last: Counted): Counted | undefined {
  const start = last.time;
  if (point.kind === 'number') {
    if (last.kind !== 'number' || point.value < last.value) return undefined;
    return { ...point, start, value: point.value - last.value };
  }
  if (last.kind !== 'histogram' || !isSame(point.bounds, last.bounds)) return undefined;
  if (point.counts.length !== last.counts.length) return undefined;
  const counts = point.counts.map((count, i) => count - (last.counts[i] as number));
  const count = point.count - last.count;
  if (count < 0 || counts.some((each) => each < 0)) return undefined;
  return { ...point, start, count, counts, sum: point.sum - last.sum };
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => value === b[i]));
}
