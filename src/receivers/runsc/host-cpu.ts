import { type CpuReader, openCpuV1, openCpuV2 } from '../../platform/cgroupfs/cpu.ts';
import type { Hierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import type { FileStore } from '../../platform/file/file-store.ts';
import { readCgroupPath } from '../../platform/procfs/cgroup.ts';

/** What the cgroup of a sandbox' process used, in ns; undefined where it cannot be read. */
export interface HostCpu {
  read(): number | undefined;
  close(): void;
}

const NANOS = 1e9;

/** Finds the cgroup at the first read; a sandbox stays in its own. */
export function openHostCpu(
  hierarchies: Hierarchies,
  proc: string,
  pid: number,
  files: FileStore,
): HostCpu {
  let reader: CpuReader | undefined;
  return {
    read() {
      reader ??= open();
      const seconds = reader?.read().usageSeconds;
      const isKnown = seconds !== undefined && seconds >= 0 && Number.isFinite(seconds);
      return isKnown ? seconds * NANOS : undefined;
    },
    close: () => reader?.close(),
  };

  function open(): CpuReader | undefined {
    const mount = hierarchies.controller('cpuacct');
    if (mount === undefined) return undefined;
    const path = readCgroupPath(proc, pid, mount.version === 1 ? 'cpuacct' : undefined, files);
    // The root's figure is the node's and holds nothing.
    if (path === undefined || path === '/') return undefined;
    const directory = `${mount.directory}${path}`;
    return mount.version === 1
      ? openCpuV1(undefined, directory, files)
      : openCpuV2(directory, files);
  }
}
