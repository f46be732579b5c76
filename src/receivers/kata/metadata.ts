import { CPU } from '../../catalog/cpu.ts';
import { MEMORY } from '../../catalog/memory.ts';
import type { Metric } from '../../catalog/metric.ts';
import { NETWORK } from '../../catalog/network.ts';
import { SPEC } from '../../catalog/spec.ts';
import type { Metadata } from '../../component/factory.ts';
import { KATA_SERIES } from './series.ts';

/** What it tells of containers under cAdvisor's names. */
export const CONTAINER_SERIES: readonly Metric[] = [
  CPU.container_cpu_usage_seconds_total,
  CPU.container_cpu_user_seconds_total,
  CPU.container_cpu_system_seconds_total,
  MEMORY.container_memory_usage_bytes,
  MEMORY.container_memory_working_set_bytes,
  MEMORY.container_memory_rss,
  MEMORY.container_memory_cache,
  MEMORY.container_memory_mapped_file,
  MEMORY.container_memory_swap,
  MEMORY.container_memory_failures_total,
  ...Object.values(NETWORK),
  ...Object.values(SPEC),
];

/** What the kata receiver is. */
export const METADATA: Metadata = {
  type: 'kata',
  summary: "Kata's sandboxes: shim, hypervisor and guest, and their pods under cAdvisor's names",
  stability: 'development',
  series: [...CONTAINER_SERIES, ...KATA_SERIES],
};
