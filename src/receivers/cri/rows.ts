import { CPU } from '../../catalog/cpu.ts';
import { MEMORY } from '../../catalog/memory.ts';
import type { Metric } from '../../catalog/metric.ts';
import { PRESSURE } from '../../catalog/pressure.ts';
import { PROCESS } from '../../catalog/process.ts';
import type { Timed } from '../../helper/cri/figures.ts';
import { LIFETIME_ROWS } from '../../helper/receiver/lifetime-rows.ts';
import type { Recorder } from '../../helper/receiver/metrics-builder.ts';
import { createRowTable, type Row, type RowTable } from '../../helper/receiver/row-table.ts';
import { SPEC_ROWS } from '../../workload/spec.ts';
import type { Figures, Memory, Pressure } from './figures.ts';
import { BY_DEVICE, BY_INTERFACE, PLAIN } from './metrics.ts';
import { type Clock, createValueRows } from './values.ts';

const TOTAL = Object.freeze({ cpu: 'total' });
const faults = (failure_type: string) => Object.freeze({ failure_type, scope: 'hierarchy' });

const CPU_ROWS: readonly Row<number>[] = [
  [CPU.container_cpu_usage_seconds_total, (seconds) => seconds, TOTAL],
];
const SWAP_ROWS: readonly Row<number>[] = [[MEMORY.container_memory_swap, (bytes) => bytes]];
const THREAD_ROWS: readonly Row<number>[] = [[PROCESS.container_threads, (count) => count]];
const MEMORY_ROWS: readonly Row<Memory>[] = [
  [MEMORY.container_memory_usage_bytes, (s) => s.usage],
  [MEMORY.container_memory_working_set_bytes, (s) => s.workingSet],
  [MEMORY.container_memory_rss, (s) => s.rss],
  [MEMORY.container_memory_failures_total, (s) => s.faults, faults('pgfault')],
  [MEMORY.container_memory_failures_total, (s) => s.majorFaults, faults('pgmajfault')],
];
const CPU_PRESSURE_ROWS: readonly Row<Pressure>[] = [
  [PRESSURE.container_pressure_cpu_waiting_seconds_total, (s) => s.waiting],
  [PRESSURE.container_pressure_cpu_stalled_seconds_total, (s) => s.stalled],
];
const MEMORY_PRESSURE_ROWS: readonly Row<Pressure>[] = [
  [PRESSURE.container_pressure_memory_waiting_seconds_total, (s) => s.waiting],
  [PRESSURE.container_pressure_memory_stalled_seconds_total, (s) => s.stalled],
];
const IO_PRESSURE_ROWS: readonly Row<Pressure>[] = [
  [PRESSURE.container_pressure_io_waiting_seconds_total, (s) => s.waiting],
  [PRESSURE.container_pressure_io_stalled_seconds_total, (s) => s.stalled],
];

type Put = (recorder: Recorder, figures: Figures, clock: Clock) => void;

/** The rows that are switched on. */
export type RowSet = ReturnType<typeof createRowSet>;

/** Makes them. */
export function createRowSet(isEnabled: (metric: Metric) => boolean) {
  const table = createRowTable(isEnabled);
  const parts = [
    part(table, CPU_ROWS, 'cpuSeconds'),
    part(table, MEMORY_ROWS, 'memory'),
    part(table, SWAP_ROWS, 'swapBytes'),
    part(table, THREAD_ROWS, 'threads'),
    part(table, CPU_PRESSURE_ROWS, 'cpuPressure'),
    part(table, MEMORY_PRESSURE_ROWS, 'memoryPressure'),
    part(table, IO_PRESSURE_ROWS, 'ioPressure'),
  ];
  return {
    table,
    figures: ((...all) => {
      for (const put of parts) put(...all);
    }) as Put,
    plain: createValueRows(table, PLAIN),
    spec: table.add(SPEC_ROWS),
    lifetime: table.add(LIFETIME_ROWS),
    byDevice: createValueRows(createRowTable(isEnabled), BY_DEVICE),
    byInterface: createValueRows(createRowTable(isEnabled), BY_INTERFACE),
  };
}

/** The rows of one part of the figures, which has the time of its own. */
function part<Key extends keyof Figures>(
  table: RowTable,
  rows: readonly Row<NonNullable<Figures[Key]>['figures']>[],
  key: Key,
): Put {
  const added = table.add(rows);
  return (recorder, told, clock) => {
    const found = told[key] as Timed<NonNullable<Figures[Key]>['figures']> | undefined;
    if (found !== undefined) added.record(recorder, found.figures, clock.at(key, found.time));
  };
}
