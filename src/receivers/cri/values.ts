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
