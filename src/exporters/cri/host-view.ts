import { readPids } from '../../platform/cgroupfs/directory.ts';
import { parseHierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import {
  type PressureLines,
  readPressureAverages,
} from '../../platform/cgroupfs/pressure-averages.ts';
import { createRootedPaths } from '../../platform/file/rooted.ts';
import { readMountinfo } from '../../platform/procfs/host.ts';
import { readDefaultInterface } from '../../platform/procfs/routes.ts';

/** What the CRI tells of a workload and no metric has; read from the host when it is asked for. */
export interface HostView {
  /** The interface of the default route where the first process of a cgroup runs. */
  defaultInterface(cgroup: string): string | undefined;
  /** The averages of a pressure file of a cgroup v2. */
  pressure(cgroup: string, resource: Resource): PressureLines;
}

/** What tasks may wait for. */
export type Resource = 'cpu' | 'memory' | 'io';

/** Looked at in turn: a process may be in some hierarchies of v1 only. */
const CONTROLLERS = ['memory', 'cpu', 'pids', 'devices'];

/** Makes the view of the host at `root`. */
export function createHostView(root: string): HostView {
  const paths = createRootedPaths(root);
  const proc = paths.resolve('/proc');
  const hierarchies = parseHierarchies(readMountinfo(paths) ?? '', paths);
  const mounts = CONTROLLERS.map(hierarchies.controller).filter((mount) => mount !== undefined);
  const directories = [...new Set(mounts.map(({ directory }) => directory))];
  const unified = mounts.find(({ version }) => version === 2)?.directory;
  return { defaultInterface, pressure };

  function defaultInterface(cgroup: string): string | undefined {
    if (!isInside(cgroup)) return undefined;
    // crun keeps a container's processes in a child of its cgroup.
    for (const path of directories.flatMap((each) => [
      each + cgroup,
      `${each + cgroup}/container`,
    ])) {
      const [pid] = readPids(path);
      if (pid !== undefined) return readDefaultInterface(proc, pid);
    }
    return undefined;
  }

  function pressure(cgroup: string, resource: Resource): PressureLines {
    if (unified === undefined || !isInside(cgroup)) return {};
    return readPressureAverages(`${unified}${cgroup}/${resource}.pressure`);
  }
}

/** An id comes from a runtime's files: it must not lead out of the hierarchy. */
function isInside(cgroup: string): boolean {
  return cgroup.startsWith('/') && !cgroup.split('/').includes('..');
}
