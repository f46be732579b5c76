import { CPU } from '../../catalog/cpu.ts';
import { DISK } from '../../catalog/disk.ts';
import { LIFETIME } from '../../catalog/lifetime.ts';
import { MEMORY } from '../../catalog/memory.ts';
import { NETWORK } from '../../catalog/network.ts';
import { PROCESS } from '../../catalog/process.ts';
import { SPEC } from '../../catalog/spec.ts';
import type { Metadata } from '../../component/factory.ts';

/** What the runsc receiver is. */
export const METADATA: Metadata = {
  type: 'runsc',
  summary: "gVisor's containers, each by its own figures from inside its sandbox",
  stability: 'development',
  series: [
    CPU.container_cpu_usage_seconds_total,
    MEMORY.container_memory_usage_bytes,
    MEMORY.container_memory_working_set_bytes,
    PROCESS.container_processes,
    PROCESS.container_threads,
    DISK.container_fs_usage_bytes,
    DISK.container_fs_limit_bytes,
    DISK.container_fs_inodes_total,
    ...Object.values(NETWORK),
    ...Object.values(SPEC),
    ...Object.values(LIFETIME),
  ],
};
