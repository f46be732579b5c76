import { CPU } from '../../catalog/cpu.ts';
import { DISK } from '../../catalog/disk.ts';
import { LIFETIME } from '../../catalog/lifetime.ts';
import { MEMORY } from '../../catalog/memory.ts';
import { PRESSURE } from '../../catalog/pressure.ts';
import { SPEC } from '../../catalog/spec.ts';
import type { Metadata } from '../../component/factory.ts';
import { BY_DEVICE, BY_INTERFACE, PLAIN } from './metrics.ts';

/** What the cri receiver is. */
export const METADATA: Metadata = {
  type: 'cri',
  summary: "containers by their runtime's own stats: Kata's, each with its own figures",
  stability: 'development',
  series: [
    CPU.container_cpu_usage_seconds_total,
    MEMORY.container_memory_usage_bytes,
    MEMORY.container_memory_working_set_bytes,
    MEMORY.container_memory_rss,
    MEMORY.container_memory_swap,
    MEMORY.container_memory_failures_total,
    ...PLAIN,
    DISK.container_fs_usage_bytes,
    DISK.container_fs_limit_bytes,
    DISK.container_fs_inodes_total,
    ...BY_DEVICE,
    ...BY_INTERFACE,
    ...Object.values(PRESSURE),
    ...Object.values(SPEC),
    ...Object.values(LIFETIME),
  ],
};
