import { type CpuReader, openCpuV1, openCpuV2 } from '../../platform/cgroupfs/cpu.ts';
import type { Hierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import { readCgroupPath } from '../../platform/cgroupfs/process-cgroup.ts';
import type { FileStore } from '../../platform/file/file-store.ts';
import type { ContainerState } from './state.ts';

/** What the host's cgroup of one sandbox tells; `state` is that of any of its containers. */
export interface HostCpu {
  /** CPU time that it used, in ns; undefined where it cannot be read. */
  read(state: ContainerState): number | undefined;
  /** True where the sandbox is in no cgroup but the root, whose figures are the node's. */
  isOfNode(state: ContainerState): boolean;
  close(): void;
}

const NANOS = 1e9;

/** Finds the cgroup at the first read; a sandbox stays in its own. */
export function createHostCpu(hierarchies: Hierarchies, proc: string, files: FileStore): HostCpu {
  const mount = hierarchies.controller('cpuacct');
  let reader: CpuReader | undefined;
  return {
    read(state) {
      reader ??= open(state);
      const seconds = reader?.read().usageSeconds;
      const isKnown = seconds !== undefined && seconds >= 0 && Number.isFinite(seconds);
      return isKnown ? seconds * NANOS : undefined;
    },
    isOfNode: (state) => pathOf(state) === '/',
    close: () => reader?.close(),
  };

  function open(state: ContainerState): CpuReader | undefined {
    const path = pathOf(state);
    if (mount === undefined || path === undefined || path === '/') return undefined;
    const directory = `${mount.directory}${path}`;
    return mount.version === 1
      ? openCpuV1(undefined, directory, files)
      : openCpuV2(directory, files);
  }

  function pathOf({ sandboxPid }: ContainerState): string | undefined {
    return readCgroupPath(proc, sandboxPid, hierarchies, 'cpuacct', files);
  }
}
