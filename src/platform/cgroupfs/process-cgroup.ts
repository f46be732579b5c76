import { existsSync, readdirSync } from 'node:fs';
import type { FileStore } from '../file/file-store.ts';
import { readTextOnce } from '../file/text.ts';
import type { Hierarchies } from './hierarchies.ts';

/** How a cgroup namespace shows what lies above its root: cgroup_namespaces(7). */
const ABOVE = /^(?:\/\.\.)+(?=\/|$)/;
/** The slices above a pod's, and one more. */
const MAX_SLICES = 3;

/**
 * The cgroup of a process in the hierarchy of a controller, by /proc/<pid>/cgroup (cgroups(7)), as a path
 * from the root of the mount; undefined when the process is gone or has none there. A reader in a cgroup
 * namespace of its own, as pods have on v2, is told the end of it: the mount tells which slices are above.
 */
export function readCgroupPath(
  proc: string,
  pid: number,
  hierarchies: Hierarchies,
  controller: string,
  files: FileStore,
): string | undefined {
  const mount = hierarchies.controller(controller);
  if (mount === undefined) return undefined;
  for (const line of readTextOnce(`${proc}/${pid}/cgroup`, files)?.split('\n') ?? []) {
    const [id, controllers, ...path] = line.split(':');
    const isIt = mount.version === 2 ? id === '0' : controllers?.split(',').includes(controller);
    if (isIt && path.length > 0) return fromRoot(mount.directory, path.join(':'));
  }
  return undefined;
}

/** What is above the reader's own cgroup and no more is taken for the root: no workload is there. */
function fromRoot(directory: string, told: string): string | undefined {
  const end = told.replace(ABOVE, '');
  if (end === told) return told;
  if (end === '') return '/';
  let slices = [''];
  for (let depth = 0; depth <= MAX_SLICES; depth++) {
    const slice = slices.find((each) => existsSync(`${directory}${each}${end}`));
    if (slice !== undefined) return `${slice}${end}`;
    slices = slices.flatMap((each) => childrenOf(directory, each));
  }
  return undefined;
}

function childrenOf(directory: string, path: string): string[] {
  try {
    return readdirSync(`${directory}${path}`, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${path}/${name}`);
  } catch {
    return [];
  }
}
