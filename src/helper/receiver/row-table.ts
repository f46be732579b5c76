import type { Metric } from '../../catalog/metric.ts';
import { type Labels, NO_LABELS } from '../../pdata/series.ts';
import type { Recorder, SeriesTemplate } from './metrics-builder.ts';

/** Where the value of a row is found in what was read. */
export type Row<Stats> = readonly [
  metric: Metric,
  value: (stats: Stats) => number | undefined,
  labels?: Labels,
];

/** Rows that are switched on, with the slots that they have in the table. */
interface Rows<Stats> {
  readonly isEmpty: boolean;
  /** `readAt` is when the figures were read, in ms, if not now. */
  record(recorder: Recorder, stats: Stats, readAt?: number): void;
}

/** The rows that a recorder can fill; a metric that is switched off costs nothing. */
export interface RowTable {
  readonly templates: readonly SeriesTemplate[];
  add<Stats>(rows: readonly Row<Stats>[]): Rows<Stats>;
}

/** Makes an empty table. */
export function createRowTable(isEnabled: (metric: Metric) => boolean): RowTable {
  const templates: SeriesTemplate[] = [];
  return { templates, add };

  function add<Stats>(rows: readonly Row<Stats>[]): Rows<Stats> {
    const enabled = rows.filter(([metric]) => isEnabled(metric));
    const values = enabled.map(([, value]) => value);
    const first = templates.length;
    for (const [descriptor, , labels] of enabled) {
      templates.push({ descriptor, labels: labels ?? NO_LABELS });
    }
    return {
      isEmpty: enabled.length === 0,
      record(recorder, stats, readAt) {
        for (let i = 0; i < values.length; i++) {
          recorder.record(first + i, (values[i] as Row<Stats>[1])(stats), readAt);
        }
      },
    };
  }
}
