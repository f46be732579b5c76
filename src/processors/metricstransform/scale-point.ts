import { isEnded, type Point } from '../../pdata/point.ts';
import type { Draft } from './operations.ts';

/** The point of the new series; counts of histograms and summaries are no values. */
export function scalePoint(point: Point, { series, scale }: Draft): Point {
  if (series === point.series) return point;
  if (scale === 1 || isEnded(point)) return { ...point, series };
  if (point.kind === 'number') return { ...point, series, value: point.value * scale };
  const sum = point.sum * scale;
  if (point.kind === 'histogram') {
    return { ...point, series, sum, bounds: point.bounds.map((bound) => bound * scale) };
  }
  const quantiles = point.quantiles.map(([at, value]) => [at, value * scale] as const);
  return { ...point, series, sum, quantiles };
}
