import { type CpuReader, openCpuV1, openCpuV2 } from '../../platform/cgroupfs/cpu.ts';
import type { Hierarchies, Mount } from '../../platform/cgroupfs/hierarchies.ts';
import {
  type MemoryReader,
  openMemoryV1,
  openMemoryV2,
  type SwapUsed,
} from '../../platform/cgroupfs/memory.ts';
import {
  openPopulationV1,
  openPopulationV2,
  type PopulationReader,
} from '../../platform/cgroupfs/population.ts';
import type { FileStore } from '../../platform/file/file-store.ts';
import type { CgroupNode } from './tree.ts';

/** Which mount speaks for which controller, by index into `mounts`; -1 is none. */
export interface Layout {
  readonly mounts: readonly Mount[];
  readonly cpu: number;
  readonly cpuacct: number;
  readonly memory: number;
}

/** Finds the distinct mounts of the controllers that are read. */
export function createLayout(hierarchies: Hierarchies): Layout {
  const mounts: Mount[] = [];
  return {
    mounts,
    cpu: indexOf('cpu'),
    cpuacct: indexOf('cpuacct'),
    memory: indexOf('memory'),
  };

  function indexOf(controller: string): number {
    const mount = hierarchies.controller(controller);
    if (mount === undefined) return -1;
    const known = mounts.findIndex(({ directory }) => directory === mount.directory);
    return known >= 0 ? known : mounts.push(mount) - 1;
  }
}

/** Opens the CPU files; undefined where no hierarchy has the cgroup. */
export function openCpu(
  layout: Layout,
  node: CgroupNode,
  has: (mount: number) => boolean,
  files: FileStore,
): CpuReader | undefined {
  const directory = (mount: number) => (has(mount) ? node.directories[mount] : undefined);
  const cpu = directory(layout.cpu);
  const cpuacct = directory(layout.cpuacct);
  if (layout.mounts[layout.cpu]?.version === 2) {
    return cpu === undefined ? undefined : openCpuV2(cpu, files);
  }
  if (cpu === undefined && cpuacct === undefined) return undefined;
  return openCpuV1(cpu, cpuacct, files);
}

/** Opens the memory files; undefined where no hierarchy has the cgroup. */
export function openMemory(
  layout: Layout,
  node: CgroupNode,
  files: FileStore,
  swapUsed: SwapUsed,
): MemoryReader | undefined {
  const directory = node.directories[layout.memory];
  if (directory === undefined) return undefined;
  return layout.mounts[layout.memory]?.version === 2
    ? openMemoryV2(directory, files, node.path === '/' ? swapUsed : undefined)
    : openMemoryV1(directory, files);
}

/** Opens the test for processes in one hierarchy; undefined where it does not have the cgroup. */
export function openPopulation(
  layout: Layout,
  node: CgroupNode,
  mount: number,
  files: FileStore,
): PopulationReader | undefined {
  const directory = node.directories[mount];
  if (directory === undefined) return undefined;
  return layout.mounts[mount]?.version === 2
    ? openPopulationV2(directory, files)
    : openPopulationV1(directory, files);
}
