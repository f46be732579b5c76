import { counter, gauge, type Metric, metricSet, summary } from './metric.ts';

type Kind = 'counter' | 'gauge' | 'summary';
type Line = readonly [name: string, kind: Kind, help: string];

/** What a Go program tells of its runtime; the name ends in the unit. */
const GO: readonly Line[] = [
  ['go_gc_duration_seconds', 'summary', 'Pauses of the garbage collector'],
  ['go_goroutines', 'gauge', 'Goroutines'],
  ['go_info', 'gauge', 'Always 1; the version of Go is a label'],
  ['go_memstats_alloc_bytes', 'gauge', 'Heap in use by objects'],
  ['go_memstats_alloc_bytes_total', 'counter', 'Heap given to objects so far'],
  ['go_memstats_buck_hash_sys_bytes', 'gauge', 'Table of the profiler'],
  ['go_memstats_frees_total', 'counter', 'Objects freed'],
  ['go_memstats_gc_cpu_fraction', 'gauge', 'Part of the CPU time that went to the collector'],
  ['go_memstats_gc_sys_bytes', 'gauge', 'Bookkeeping of the collector'],
  ['go_memstats_heap_alloc_bytes', 'gauge', 'Heap in use by objects'],
  ['go_memstats_heap_idle_bytes', 'gauge', 'Heap without objects'],
  ['go_memstats_heap_inuse_bytes', 'gauge', 'Heap with objects'],
  ['go_memstats_heap_objects', 'gauge', 'Objects on the heap'],
  ['go_memstats_heap_released_bytes', 'gauge', 'Heap handed back to the kernel'],
  ['go_memstats_heap_sys_bytes', 'gauge', 'Heap taken from the kernel'],
  ['go_memstats_last_gc_time_seconds', 'gauge', 'Last garbage collection, since the epoch'],
  ['go_memstats_lookups_total', 'counter', 'Pointers looked up'],
  ['go_memstats_mallocs_total', 'counter', 'Objects allocated'],
  ['go_memstats_mcache_inuse_bytes', 'gauge', 'mcache structures in use'],
  ['go_memstats_mcache_sys_bytes', 'gauge', 'mcache structures taken from the kernel'],
  ['go_memstats_mspan_inuse_bytes', 'gauge', 'mspan structures in use'],
  ['go_memstats_mspan_sys_bytes', 'gauge', 'mspan structures taken from the kernel'],
  ['go_memstats_next_gc_bytes', 'gauge', 'Heap at which the collector runs next'],
  ['go_memstats_other_sys_bytes', 'gauge', 'Other memory taken from the kernel'],
  ['go_memstats_stack_inuse_bytes', 'gauge', 'Stacks in use'],
  ['go_memstats_stack_sys_bytes', 'gauge', 'Stacks taken from the kernel'],
  ['go_memstats_sys_bytes', 'gauge', 'All memory taken from the kernel'],
  ['go_threads', 'gauge', 'Threads made'],
];

/** What is told of a process by /proc. */
const PROCESS: readonly Line[] = [
  ['process_cpu_seconds_total', 'counter', 'CPU time used by the process'],
  ['process_max_fds', 'gauge', 'Limit of open file descriptors'],
  ['process_open_fds', 'gauge', 'File descriptors open in the process'],
  ['process_resident_memory_bytes', 'gauge', 'Memory of the process that is resident'],
  ['process_start_time_seconds', 'gauge', 'When the process started, since the epoch'],
  ['process_virtual_memory_bytes', 'gauge', 'Address space of the process'],
];
const PROCESS_LIMIT: Line = [
  'process_virtual_memory_max_bytes',
  'gauge',
  'Limit of the address space; absent while there is none',
];

const MAKERS = { counter, gauge, summary };

/** The runtime and the process of the Go shim. */
export const KATA_SHIM_GO = metricsOf('kata_shim', [...GO, ...PROCESS, PROCESS_LIMIT]);

/** The runtime and the process of kata-monitor. */
export const KATA_MONITOR_GO = metricsOf('kata_monitor', [...GO, ...PROCESS, PROCESS_LIMIT]);

/** The process of the agent of Kata 1.x, which was written in Go. */
export const KATA_AGENT_GO = metricsOf('kata_agent', PROCESS);

function metricsOf(set: string, lines: readonly Line[]): Readonly<Record<string, Metric>> {
  const metrics = lines.map(([suffix, kind, help]) => {
    const labels = suffix === 'go_info' ? ['version'] : [];
    const isDouble = /seconds|fraction/.test(suffix);
    const valueType = isDouble ? 'double' : 'int';
    return [`${set}_${suffix}`, MAKERS[kind](help, { unit: unitOf(suffix), labels, valueType })];
  });
  return metricSet(set, Object.fromEntries(metrics));
}

function unitOf(name: string): string {
  if (/_bytes(_total)?$/.test(name)) return 'By';
  return /_seconds(_total)?$/.test(name) ? 's' : '';
}
