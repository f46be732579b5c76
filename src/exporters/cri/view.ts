import type { NumberPoint } from '../../pdata/point.ts';
import type { Labels } from '../../pdata/series.ts';
import type { Usage } from './store.ts';

/** The rows of a workload as one collection may show them. */
export interface View {
  readonly usage: Usage;
  /** The row of a metric with these own labels among its own; undefined when there is none. */
  point(metric: string, labels?: Labels): NumberPoint | undefined;
  /** All rows of a metric. */
  points(metric: string): NumberPoint[];
  /** All rows. */
  all(): Iterable<NumberPoint>;
}

/** Shows the rows that `generation` or a later collection delivered, and those of timed sources. */
export function createView(usage: Usage, generation: number): View {
  return { usage, point, points, all };

  function point(metric: string, labels: Labels = {}): NumberPoint | undefined {
    const wanted = Object.entries(labels);
    return points(metric).find(({ series }) =>
      wanted.every(([name, value]) => series.labels[name] === value),
    );
  }

  function points(metric: string): NumberPoint[] {
    const rows = [...(usage.rows.get(metric)?.values() ?? [])];
    return rows.filter((row) => row.generation >= generation).map((row) => row.point);
  }

  function* all(): Iterable<NumberPoint> {
    for (const metric of usage.rows.keys()) yield* points(metric);
  }
}
