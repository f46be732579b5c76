import type { Batch } from '../../pdata/batch.ts';
import type { Point } from '../../pdata/point.ts';
import type { Series } from '../../pdata/series.ts';

/** Changes the series of points: each series once, so that what comes after may go by reference. */
export type MapBatch = (batch: Batch) => Batch;

/** Makes the change; `map` gives undefined for a series that is left out. */
export function mapSeries(map: (series: Series) => Series | undefined): MapBatch {
  const known = new WeakMap<Series, { readonly to: Series | undefined }>();
  return (batch) => {
    const points: Point[] = [];
    for (const point of batch.points) {
      const to = mapped(point.series);
      if (to === undefined) continue;
      points.push(to === point.series ? point : { ...point, series: to });
    }
    return { ...batch, points };
  };

  function mapped(series: Series): Series | undefined {
    const entry = known.get(series) ?? { to: map(series) };
    known.set(series, entry);
    return entry.to;
  }
}
