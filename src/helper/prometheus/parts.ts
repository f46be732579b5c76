import type { HistogramPoint, SummaryPoint } from '../../pdata/point.ts';

/** A row of a histogram or a summary. */
export interface Part {
  /** What stands behind the name. */
  readonly suffix: '' | '_bucket' | '_sum' | '_count';
  /** The label of a bucket or a quantile. */
  readonly bound?: readonly ['le' | 'quantile', number];
  readonly value: number;
}

/** The rows of a point in Prometheus' classic form: each bucket holds those below it. */
export function partsOf(point: HistogramPoint | SummaryPoint): Part[] {
  return [
    ...(point.kind === 'summary' ? quantilesOf(point) : bucketsOf(point)),
    { suffix: '_sum', value: point.sum },
    { suffix: '_count', value: point.count },
  ];
}

function quantilesOf({ quantiles }: SummaryPoint): Part[] {
  return quantiles.map(([bound, value]) => ({ suffix: '', bound: ['quantile', bound], value }));
}

function bucketsOf({ bounds, counts }: HistogramPoint): Part[] {
  let below = 0;
  return counts.map((count, i) => {
    below += count;
    const bound = bounds[i] ?? Number.POSITIVE_INFINITY;
    return { suffix: '_bucket', bound: ['le', bound], value: below };
  });
}

/** A number as Prometheus' text formats have it. */
export function numberText(value: number): string {
  if (Math.abs(value) === Number.POSITIVE_INFINITY) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
