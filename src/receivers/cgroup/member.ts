import type { Recorder } from '../../helper/metrics-builder.ts';
import type { Labels } from '../../pdata/series.ts';
import type { CpuReader, CpuStats } from '../../platform/cgroupfs/cpu.ts';
import type { MemoryReader, MemoryStats } from '../../platform/cgroupfs/memory.ts';
import type { PopulationReader } from '../../platform/cgroupfs/population.ts';
import type { FileStore } from '../../platform/file/file-store.ts';
import type { Workload } from '../../workload/workload.ts';
import { type Layout, openCpu, openMemory, openPopulation } from './layout.ts';
import type { CgroupNode } from './tree.ts';

/** One cgroup with its open files. Nothing is opened before the first read. */
export interface Member {
  readonly node: CgroupNode;
  readonly workload: Workload;
  readonly identity: Labels;
  /** Made at the first rows: a life that never had a process has none. */
  recorder: Recorder | undefined;
  startMillis: number;
  /**
   * True when the cgroup or a descendant has a process in this hierarchy, as of `pass`. A v1
   * cgroup can have processes in some hierarchies only: in the others its figures are false zeros.
   */
  isPopulated(mount: number, pass: number): boolean;
  readCpu(pass: number): CpuStats | undefined;
  readMemory(pass: number): MemoryStats | undefined;
  close(): void;
}

/** What a member needs of its receiver. */
export interface MemberContext {
  readonly layout: Layout;
  readonly files: FileStore;
  readonly swapUsed: () => number | undefined;
  memberOf(node: CgroupNode): Member | undefined;
}

/** Makes the member of a cgroup. */
export function createMember(
  context: MemberContext,
  node: CgroupNode,
  workload: Workload,
  identity: Labels,
): Member {
  const { layout, files } = context;
  const populations: (PopulationReader | undefined)[] = [];
  const populatedIn = new Float64Array(layout.mounts.length);
  const answers: boolean[] = [];
  let cpu: CpuReader | undefined;
  let cpuMounts = 0;
  let memory: MemoryReader | undefined;
  return {
    node,
    workload,
    identity,
    recorder: undefined,
    startMillis: 0,
    isPopulated,
    readCpu,
    readMemory,
    close,
  };

  function isPopulated(mount: number, pass: number): boolean {
    if (node.path === '/') return true;
    if (populatedIn[mount] !== pass) {
      populatedIn[mount] = pass;
      answers[mount] = readPopulation(mount, pass);
    }
    return answers[mount] ?? false;
  }

  function readPopulation(mount: number, pass: number): boolean {
    populations[mount] ??= openPopulation(layout, node, mount, files);
    if (populations[mount]?.read()) return true;
    if (layout.mounts[mount]?.version === 2) return false;
    for (const child of node.children.values()) {
      if (context.memberOf(child)?.isPopulated(mount, pass)) return true;
    }
    return false;
  }

  function readCpu(pass: number): CpuStats | undefined {
    const has = (mount: number) => mount >= 0 && isPopulated(mount, pass);
    const mounts = (has(layout.cpu) ? 1 : 0) + (has(layout.cpuacct) ? 2 : 0);
    if (mounts !== cpuMounts) {
      cpu?.close();
      cpu = openCpu(layout, node, has, files);
      cpuMounts = mounts;
    }
    return cpu?.read();
  }

  function readMemory(pass: number): MemoryStats | undefined {
    if (layout.memory < 0 || !isPopulated(layout.memory, pass)) return undefined;
    memory ??= openMemory(layout, node, files, context.swapUsed);
    const stats = memory?.read();
    return stats === undefined || stats.ownFaults !== undefined || node.children.size > 0
      ? stats
      : { ...stats, ownFaults: stats.faults, ownMajorFaults: stats.majorFaults };
  }

  function close(): void {
    for (const population of populations) population?.close();
    cpu?.close();
    memory?.close();
  }
}
