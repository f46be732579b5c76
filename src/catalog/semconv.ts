import {
  ATTR_CPU_MODE,
  ATTR_DISK_IO_DIRECTION,
  ATTR_NETWORK_INTERFACE_NAME,
  ATTR_NETWORK_IO_DIRECTION,
  ATTR_SYSTEM_DEVICE,
  ATTR_SYSTEM_PAGING_FAULT_TYPE,
  CPU_MODE_VALUE_SYSTEM,
  CPU_MODE_VALUE_USER,
  DISK_IO_DIRECTION_VALUE_READ,
  DISK_IO_DIRECTION_VALUE_WRITE,
  NETWORK_IO_DIRECTION_VALUE_RECEIVE,
  NETWORK_IO_DIRECTION_VALUE_TRANSMIT,
  SYSTEM_PAGING_FAULT_TYPE_VALUE_MAJOR,
  SYSTEM_PAGING_FAULT_TYPE_VALUE_MINOR,
} from '@opentelemetry/semantic-conventions/incubating';
import type { Labels } from '../pdata/series.ts';
import { CPU } from './cpu.ts';
import { DERIVED } from './derived.ts';
import { DISK } from './disk.ts';
import { DISK_IO } from './disk-io.ts';
import { LIFETIME } from './lifetime.ts';
import { MACHINE } from './machine.ts';
import { MEMORY } from './memory.ts';
import type { Metric } from './metric.ts';
import { NETWORK } from './network.ts';
import { OOM } from './oom.ts';
import { PRESSURE } from './pressure.ts';
import { PROCESS } from './process.ts';
import { type Conventions, SEMCONV } from './semconv-metrics.ts';
import { SPEC } from './spec.ts';

/** A row of the cadvisor dialect: a metric, and own labels that the row must have. */
export interface Source {
  readonly metric: Metric;
  readonly labels?: Labels;
}

/** How a value is made where it is not the row's own. */
export interface Formula {
  /** For the documentation. */
  readonly text: string;
  /** Another row of the same workload, read in the same pass; without it there is no value. */
  readonly other?: Source;
  /** `at` is the time of the read in ms; undefined is no value. */
  of(value: number, other: number, at: number): number | undefined;
}

/** One row of the cadvisor dialect as a convention. */
export interface Translation {
  readonly from: Source;
  readonly to: Conventions;
  /** Attributes that say what the row's name said. */
  readonly attributes?: Labels;
  /** Own labels and the attributes that they become, "" is none; those of `from` are left out. */
  readonly rename?: Labels;
  readonly formula?: Formula;
  /** Two ways to tell the CPU time of a container, of which one is chosen for its whole life. */
  readonly cpu?: 'modes' | 'total';
}

const USER = { [ATTR_CPU_MODE]: CPU_MODE_VALUE_USER };
const SYSTEM = { [ATTR_CPU_MODE]: CPU_MODE_VALUE_SYSTEM };
const MAJOR = { [ATTR_SYSTEM_PAGING_FAULT_TYPE]: SYSTEM_PAGING_FAULT_TYPE_VALUE_MAJOR };
const MINOR = { [ATTR_SYSTEM_PAGING_FAULT_TYPE]: SYSTEM_PAGING_FAULT_TYPE_VALUE_MINOR };

/** Registries after 1.44 call it system.device.name; container.disk.io has it as system.device. */
const ofDevice = (direction: string) => ({
  attributes: { [ATTR_DISK_IO_DIRECTION]: direction },
  rename: { device: ATTR_SYSTEM_DEVICE },
});
const ofInterface = (direction: string) => ({
  attributes: { [ATTR_NETWORK_IO_DIRECTION]: direction },
  rename: { interface: ATTR_NETWORK_INTERFACE_NAME },
});
const READ = ofDevice(DISK_IO_DIRECTION_VALUE_READ);
const WRITE = ofDevice(DISK_IO_DIRECTION_VALUE_WRITE);
const RECEIVE = ofInterface(NETWORK_IO_DIRECTION_VALUE_RECEIVE);
const TRANSMIT = ofInterface(NETWORK_IO_DIRECTION_VALUE_TRANSMIT);

/** A container has one file system of its own: its writable layer's. */
const ONLY_DEVICE = { rename: { device: '' } };

/** All cores together: rows of single cores would count the same time again. */
const CPU_TOTAL: Source = {
  metric: CPU.container_cpu_usage_seconds_total,
  labels: { cpu: 'total' },
};
/** With the child cgroups, as CPU and memory are. */
const faults = (failure_type: string): Source => ({
  metric: MEMORY.container_memory_failures_total,
  labels: { failure_type, scope: 'hierarchy' },
});
const MEMORY_LIMIT: Source = { metric: SPEC.container_spec_memory_limit_bytes };

const UPTIME: Formula = {
  text: 'time of the read less this',
  of: (start, _, at) => (at / 1000 >= start ? at / 1000 - start : undefined),
};
/** The kernel counts each major fault among all faults too. */
const MINOR_FAULTS: Formula = {
  text: 'less `pgmajfault`',
  other: faults('pgmajfault'),
  of: (all, major) => Math.max(0, all - major),
};
const CPU_LIMIT: Formula = {
  text: 'divided by `container_spec_cpu_period`',
  other: { metric: SPEC.container_spec_cpu_period },
  of: (quota, period) => (period > 0 ? quota / period : undefined),
};
const LIMIT: Formula = {
  text: 'absent for 0, which is unlimited',
  of: (limit) => limit || undefined,
};
const AVAILABLE: Formula = {
  text: 'what it leaves of `container_spec_memory_limit_bytes`; absent without a limit',
  other: MEMORY_LIMIT,
  of: (workingSet, limit) => (limit > 0 ? Math.max(0, limit - workingSet) : undefined),
};

const CPU_TIME: Conventions = { container: SEMCONV.cpuTime.container };

/** The translation of the cadvisor dialect. A row may tell more than one convention. */
export const TRANSLATIONS: readonly Translation[] = [
  row(CPU.container_cpu_user_seconds_total, CPU_TIME, { attributes: USER, cpu: 'modes' }),
  row(CPU.container_cpu_system_seconds_total, CPU_TIME, { attributes: SYSTEM, cpu: 'modes' }),
  { from: CPU_TOTAL, to: SEMCONV.cpuTime, cpu: 'total' },
  row(DERIVED.container_cpu_usage_cores, SEMCONV.cpuUsage),
  row(SPEC.container_spec_cpu_quota, SEMCONV.cpuLimit, { formula: CPU_LIMIT }),
  row(MEMORY.container_memory_usage_bytes, SEMCONV.memoryUsage),
  row(MEMORY.container_memory_rss, SEMCONV.memoryRss),
  row(MEMORY.container_memory_working_set_bytes, SEMCONV.memoryWorkingSet),
  row(MEMORY.container_memory_working_set_bytes, SEMCONV.memoryAvailable, { formula: AVAILABLE }),
  { from: MEMORY_LIMIT, to: SEMCONV.memoryLimit, formula: LIMIT },
  { from: faults('pgmajfault'), to: SEMCONV.pagingFaults, attributes: MAJOR },
  { from: faults('pgfault'), to: SEMCONV.pagingFaults, attributes: MINOR, formula: MINOR_FAULTS },
  row(DISK_IO.container_fs_reads_bytes_total, SEMCONV.diskIo, READ),
  row(DISK_IO.container_fs_writes_bytes_total, SEMCONV.diskIo, WRITE),
  row(DISK.container_fs_usage_bytes, SEMCONV.filesystemUsage, ONLY_DEVICE),
  row(DISK.container_fs_limit_bytes, SEMCONV.filesystemCapacity, ONLY_DEVICE),
  row(NETWORK.container_network_receive_bytes_total, SEMCONV.networkIo, RECEIVE),
  row(NETWORK.container_network_transmit_bytes_total, SEMCONV.networkIo, TRANSMIT),
  row(NETWORK.container_network_receive_errors_total, SEMCONV.networkErrors, RECEIVE),
  row(NETWORK.container_network_transmit_errors_total, SEMCONV.networkErrors, TRANSMIT),
  row(LIFETIME.container_start_time_seconds, SEMCONV.uptime, { formula: UPTIME }),
];

/** What no convention tells, for any workload: each metric of cAdvisor is here or above. */
export const UNMAPPED: readonly Metric[] = [
  CPU.container_cpu_cfs_periods_total,
  CPU.container_cpu_cfs_throttled_periods_total,
  CPU.container_cpu_cfs_throttled_seconds_total,
  CPU.container_cpu_cfs_burst_periods_total,
  CPU.container_cpu_cfs_burst_seconds_total,
  MEMORY.container_memory_cache,
  MEMORY.container_memory_mapped_file,
  MEMORY.container_memory_swap,
  MEMORY.container_memory_kernel_usage,
  MEMORY.container_memory_max_usage_bytes,
  MEMORY.container_memory_failcnt,
  MEMORY.container_memory_total_active_file_bytes,
  MEMORY.container_memory_total_inactive_file_bytes,
  MEMORY.container_memory_events_high_total,
  MEMORY.container_memory_events_max_total,
  MEMORY.container_memory_file_dirty_bytes,
  MEMORY.container_memory_file_writeback_bytes,
  MEMORY.container_memory_pgscan_total,
  MEMORY.container_memory_pgsteal_total,
  MEMORY.container_memory_workingset_refault_file_total,
  MEMORY.container_memory_workingset_refault_anon_total,
  DISK.container_fs_inodes_total,
  DISK.container_fs_inodes_free,
  DISK_IO.container_fs_reads_total,
  DISK_IO.container_fs_writes_total,
  DISK_IO.container_fs_sector_reads_total,
  DISK_IO.container_fs_sector_writes_total,
  DISK_IO.container_fs_reads_merged_total,
  DISK_IO.container_fs_writes_merged_total,
  DISK_IO.container_fs_read_seconds_total,
  DISK_IO.container_fs_write_seconds_total,
  DISK_IO.container_fs_io_current,
  DISK_IO.container_fs_io_time_seconds_total,
  DISK_IO.container_fs_io_time_weighted_seconds_total,
  DISK_IO.container_fs_io_cost_usage_seconds_total,
  DISK_IO.container_fs_io_cost_wait_seconds_total,
  DISK_IO.container_fs_io_cost_indebt_seconds_total,
  DISK_IO.container_fs_io_cost_indelay_seconds_total,
  NETWORK.container_network_receive_packets_total,
  NETWORK.container_network_receive_packets_dropped_total,
  NETWORK.container_network_transmit_packets_total,
  NETWORK.container_network_transmit_packets_dropped_total,
  LIFETIME.container_last_seen,
  SPEC.container_spec_cpu_period,
  SPEC.container_spec_cpu_shares,
  SPEC.container_spec_memory_swap_limit_bytes,
  SPEC.container_spec_memory_reservation_limit_bytes,
  ...Object.values(MACHINE),
  ...Object.values(OOM),
  ...Object.values(PRESSURE),
  ...Object.values(PROCESS),
];

function row(
  metric: Metric,
  to: Conventions,
  rest: Omit<Translation, 'from' | 'to'> = {},
): Translation {
  return { from: { metric }, to, ...rest };
}
