import { MACHINE } from '../../../catalog/machine.ts';
import type { Row } from '../../../helper/receiver/row-table.ts';
import type { HostFacts } from '../../../platform/procfs/host.ts';
import { createCpuSet } from './cpu.ts';
import { createDiskSet } from './disk.ts';
import { createDiskIoSet } from './disk-io.ts';
import { createMemorySet } from './memory.ts';
import { createNetworkSet } from './network.ts';
import { createPressureSet } from './pressure.ts';
import { createProcessSet } from './process.ts';
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
    createDiskSet,
    createNetworkSet,
    createSpecSet,
  ];
  return makers.map((make) => make(context)).filter((set) => set !== undefined);
}

/** The rows of the node as a machine. */
export const MACHINE_ROWS: readonly Row<HostFacts>[] = [
  [MACHINE.machine_cpu_cores, (s) => s.cores],
  [MACHINE.machine_memory_bytes, (s) => s.memoryBytes],
];
