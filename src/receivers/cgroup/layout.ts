import type { Hierarchies, Mount } from '../../platform/cgroupfs/hierarchies.ts';

/** Which mount speaks for which controller, by index into `mounts`; -1 is none. */
export interface Layout {
  readonly mounts: readonly Mount[];
  readonly cpu: number;
  readonly cpuacct: number;
  readonly memory: number;
  readonly pids: number;
  readonly io: number;
}

/** Finds the distinct mounts of the controllers that are read. */
export function createLayout(hierarchies: Hierarchies): Layout {
  const mounts: Mount[] = [];
  return {
    mounts,
    cpu: indexOf('cpu'),
    cpuacct: indexOf('cpuacct'),
    memory: indexOf('memory'),
    pids: indexOf('pids'),
    io: indexOf('blkio'),
  };

  /** blkio is v1's name of io; on v2 one mount speaks for all. */
  function indexOf(controller: string): number {
    const mount = hierarchies.controller(controller);
    if (mount === undefined) return -1;
    const known = mounts.findIndex(({ directory }) => directory === mount.directory);
    return known >= 0 ? known : mounts.push(mount) - 1;
  }
}
