import { LIFETIME } from '../../../catalog/lifetime.ts';
import { MACHINE } from '../../../catalog/machine.ts';
import type { HostFacts } from '../../../platform/procfs/host.ts';
import { createCpuSet } from './cpu.ts';
import { createDiskIoSet } from './disk-io.ts';
import { createMemorySet } from './memory.ts';
import { createNetworkSet } from './network.ts';
import { createPressureSet } from './pressure.ts';
import { createProcessSet } from './process.ts';
import type { Row } from './row-table.ts';
import type { MetricSet, SetContext } from './set.ts';
import { createSpecSet } from './spec.ts';

/** The sets that are switched on, in the order in which a cgroup is read. */
export function createSets(context: SetContext): MetricSet[] {
  const makers = [
    createCpuSet,
    createMemorySet,
    createProcessSet,
    createPressureSet,
    createDiskIoSet,
    createNetworkSet,
    createSpecSet,
  ];
  return makers.map((make) => make(context)).filter((set) => set !== undefined);
}

/** When a workload started and was last read, in ms since the epoch. */
export interface Lifetime {
  readonly startMillis: number;
  readonly seenMillis: number;
}

/** Whole seconds, as cAdvisor prints them. */
export const LIFETIME_ROWS: readonly Row<Lifetime>[] = [
  [LIFETIME.container_start_time_seconds, (s) => Math.floor(s.startMillis / 1000)],
  [LIFETIME.container_last_seen, (s) => Math.floor(s.seenMillis / 1000)],
];

/** The rows of the node as a machine. */
export const MACHINE_ROWS: readonly Row<HostFacts>[] = [
  [MACHINE.machine_cpu_cores, (s) => s.cores],
  [MACHINE.machine_memory_bytes, (s) => s.memoryBytes],
];
