import type { Series } from './series.ts';

/** OTLP DataPointFlags: the series has ended and the point carries no value. */
const NO_RECORDED_VALUE = 1;

/** One value of a gauge or a sum. Times are milliseconds since the epoch. */
export interface NumberPoint {
  readonly kind: 'number';
  readonly series: Series;
  /** When the source began to count; 0 where there is no such time. */
  readonly start: number;
  /** When the source was read. */
  readonly time: number;
  readonly value: number;
  readonly flags: number;
}

/** Explicit-bucket histogram: `counts` has one entry more than `bounds`. */
export interface HistogramPoint {
  readonly kind: 'histogram';
  readonly series: Series;
  readonly start: number;
  readonly time: number;
  readonly count: number;
  readonly sum: number;
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly flags: number;
}

/** Quantiles as a source computed them; `quantiles` are [quantile, value] pairs. */
export interface SummaryPoint {
  readonly kind: 'summary';
  readonly series: Series;
  readonly start: number;
  readonly time: number;
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly (readonly [number, number])[];
  readonly flags: number;
}

/** A point of any kind. Fresh each pass and immutable for ever: keep it, never change it. */
export type Point = NumberPoint | HistogramPoint | SummaryPoint;

/** Makes a number point. */
export function numberPoint(
  series: Series,
  start: number,
  time: number,
  value: number,
): NumberPoint {
  return { kind: 'number', series, start, time, value, flags: 0 };
}

/** Makes the one point that announces that a series has ended: every cache evicts on it. */
export function endedPoint(series: Series, time: number): Point {
  const flags = NO_RECORDED_VALUE;
  const head = { series, start: 0, time, flags };
  switch (series.descriptor.type) {
    case 'histogram':
      return { kind: 'histogram', ...head, count: 0, sum: 0, bounds: [], counts: [] };
    case 'summary':
      return { kind: 'summary', ...head, count: 0, sum: 0, quantiles: [] };
    default:
      return { kind: 'number', series, start: 0, time, value: 0, flags };
  }
}

/** True when the point announces the end of its series. */
export function isEnded(point: Point): boolean {
  return (point.flags & NO_RECORDED_VALUE) !== 0;
}
