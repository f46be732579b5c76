import type { Metric } from '../../catalog/metric.ts';
import type { Recorder } from '../../helper/receiver/metrics-builder.ts';
import type { RowTable } from '../../helper/receiver/row-table.ts';

/** One value of a metric. */
export interface Value {
  readonly metric: Metric;
  /** The device or the interface; '' for what has none. */
  readonly of: string;
  /** ms since the epoch. */
  readonly time: number;
  readonly value: number;
}

/** Rows whose values come one by one, each with a time of its own. */
export interface ValueRows {
  readonly table: RowTable;
  has(metric: Metric): boolean;
  record(recorder: Recorder, value: Value, time: number): void;
}

/** Adds a row for each of the metrics that is switched on. */
export function createValueRows(table: RowTable, metrics: readonly Metric[]): ValueRows {
  const added = metrics.map((metric) => {
    const rows = table.add<number>([[metric, (value) => value]]);
    return [metric, rows] as const;
  });
  const rows = new Map(added.filter(([, each]) => !each.isEmpty));
  return {
    table,
    has: (metric) => rows.has(metric),
    record: (recorder, { metric, value }, time) => rows.get(metric)?.record(recorder, value, time),
  };
}

/** The times of one workload's figures. */
export interface Clock {
  /** Never earlier than before: the clock of the host may be set back. */
  at(key: string, time: number): number;
}

/** Makes it. */
export function createClock(): Clock {
  const last = new Map<string, number>();
  return {
    at(key, time) {
      const at = Math.max(time, last.get(key) ?? 0);
      last.set(key, at);
      return at;
    },
  };
}

/** How far each thing counted, by name: less than before where another has taken its name. */
export type Progress = (values: readonly Value[]) => ReadonlyMap<string, number>;

interface Counted {
  readonly progress: number;
  readonly counts: ReadonlyMap<Metric, number>;
}

/** Makes it, for the values of each pass in turn; a count that is not told for once is no step back. */
export function createProgress(): Progress {
  let known = new Map<string, Counted>();
  return (values) => {
    const things = [...Map.groupBy(values, (value) => value.of)];
    known = new Map(things.map(([of, told]) => [of, countedOf(told, known.get(of))]));
    return new Map([...known].map(([of, { progress }]) => [of, progress]));
  };
}

function countedOf(told: readonly Value[], before: Counted | undefined): Counted {
  const counts = told.map(({ metric, value }) => [metric, value] as const);
  const rise = counts.reduce(
    (sum, [metric, value]) => sum + value - (before?.counts.get(metric) ?? value),
    0,
  );
  return {
    progress: (before?.progress ?? 0) + rise,
    counts: new Map(rise < 0 ? counts : [...(before?.counts ?? []), ...counts]),
  };
}
