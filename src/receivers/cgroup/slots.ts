import { CPU } from '../../catalog/cpu.ts';
import { LIFETIME } from '../../catalog/lifetime.ts';
import { MEMORY } from '../../catalog/memory.ts';
import type { Metric } from '../../catalog/metric.ts';
import type { Recorder, SeriesTemplate } from '../../helper/metrics-builder.ts';
import { type Labels, NO_LABELS } from '../../pdata/series.ts';
import type { CpuStats } from '../../platform/cgroupfs/cpu.ts';
import type { MemoryStats } from '../../platform/cgroupfs/memory.ts';

/** Fills in the rows of one cgroup; a metric that is switched off costs nothing. */
export interface Rows<Stats> {
  readonly templates: readonly SeriesTemplate[];
  record(recorder: Recorder, stats: Stats): void;
}

type Value<Stats> = (stats: Stats) => number | undefined;
type Row<Stats> = readonly [metric: Metric, value: Value<Stats>, labels?: Labels];

/** Makes the rows that are switched on; their slots begin at `first`. */
export function createRows<Stats>(
  rows: readonly Row<Stats>[],
  isEnabled: (metric: Metric) => boolean,
  first: number,
): Rows<Stats> {
  const enabled = rows.filter(([metric]) => isEnabled(metric));
  const values = enabled.map(([, value]) => value);
  return {
    templates: enabled.map(([descriptor, , labels]) => ({
      descriptor,
      labels: labels ?? NO_LABELS,
    })),
    record(recorder, stats) {
      for (let i = 0; i < values.length; i++) {
        recorder.record(first + i, (values[i] as Value<Stats>)(stats));
      }
    },
  };
}

const faults = (failure_type: string, scope: string): Labels =>
  Object.freeze({ failure_type, scope });

/** The rows of the cpu set. */
export const CPU_ROWS: readonly Row<CpuStats>[] = [
  [CPU.container_cpu_usage_seconds_total, (s) => s.usageSeconds, Object.freeze({ cpu: 'total' })],
  [CPU.container_cpu_user_seconds_total, (s) => s.userSeconds],
  [CPU.container_cpu_system_seconds_total, (s) => s.systemSeconds],
  [CPU.container_cpu_cfs_periods_total, (s) => s.periods],
  [CPU.container_cpu_cfs_throttled_periods_total, (s) => s.throttledPeriods],
  [CPU.container_cpu_cfs_throttled_seconds_total, (s) => s.throttledSeconds],
  [CPU.container_cpu_cfs_burst_periods_total, (s) => s.burstPeriods],
  [CPU.container_cpu_cfs_burst_seconds_total, (s) => s.burstSeconds],
];

/** The rows of the memory set. */
export const MEMORY_ROWS: readonly Row<MemoryStats>[] = [
  [MEMORY.container_memory_usage_bytes, (s) => s.usage],
  [MEMORY.container_memory_working_set_bytes, (s) => s.workingSet],
  [MEMORY.container_memory_rss, (s) => s.rss],
  [MEMORY.container_memory_cache, (s) => s.cache],
  [MEMORY.container_memory_mapped_file, (s) => s.mappedFile],
  [MEMORY.container_memory_swap, (s) => s.swap],
  [MEMORY.container_memory_kernel_usage, (s) => s.kernel],
  [MEMORY.container_memory_max_usage_bytes, (s) => s.peak],
  [MEMORY.container_memory_failcnt, (s) => s.failures],
  [MEMORY.container_memory_failures_total, (s) => s.ownFaults, faults('pgfault', 'container')],
  [MEMORY.container_memory_failures_total, (s) => s.faults, faults('pgfault', 'hierarchy')],
  [
    MEMORY.container_memory_failures_total,
    (s) => s.ownMajorFaults,
    faults('pgmajfault', 'container'),
  ],
  [MEMORY.container_memory_failures_total, (s) => s.majorFaults, faults('pgmajfault', 'hierarchy')],
  [MEMORY.container_memory_total_active_file_bytes, (s) => s.activeFile],
  [MEMORY.container_memory_total_inactive_file_bytes, (s) => s.inactiveFile],
  [MEMORY.container_memory_events_high_total, (s) => s.highEvents],
  [MEMORY.container_memory_events_max_total, (s) => s.maxEvents],
  [MEMORY.container_memory_file_dirty_bytes, (s) => s.fileDirty],
  [MEMORY.container_memory_file_writeback_bytes, (s) => s.fileWriteback],
  [MEMORY.container_memory_pgscan_total, (s) => s.scannedPages],
  [MEMORY.container_memory_pgsteal_total, (s) => s.stolenPages],
  [MEMORY.container_memory_workingset_refault_file_total, (s) => s.refaultedFilePages],
  [MEMORY.container_memory_workingset_refault_anon_total, (s) => s.refaultedAnonPages],
];

/** When a workload started and was last read, in ms since the epoch. */
export interface Lifetime {
  readonly startMillis: number;
  readonly seenMillis: number;
}

/** The rows of the app set; whole seconds, as cAdvisor prints them. */
export const LIFETIME_ROWS: readonly Row<Lifetime>[] = [
  [LIFETIME.container_start_time_seconds, (s) => Math.floor(s.startMillis / 1000)],
  [LIFETIME.container_last_seen, (s) => Math.floor(s.seenMillis / 1000)],
];
