import { readPids } from '../../platform/cgroupfs/directory.ts';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { readProcessStart } from '../../platform/procfs/host.ts';
import type { Member } from './member.ts';
import type { CgroupNode } from './tree.ts';

/**
 * When a cgroup's life began, in ms: the node's boot, a container's first process, else the mtime
 * of the directory at first sight.
 */
export function startOf(
  { node, workload }: Member,
  paths: RootedPaths,
  bootMillis: number | undefined,
): number {
  if (workload.kind === 'node') return bootMillis ?? node.modifiedMillis;
  if (workload.kind !== 'container' || bootMillis === undefined) return node.modifiedMillis;
  const starts = pidsOf(node).map((pid) => readProcessStart(paths, pid, bootMillis));
  const known = starts.filter((start) => start !== undefined);
  return known.length > 0 ? Math.min(...known) : node.modifiedMillis;
}

function pidsOf(node: CgroupNode): number[] {
  const own = node.directories.flatMap((path) => (path === undefined ? [] : readPids(path)));
  return own.concat(...[...node.children.values()].map(pidsOf));
}
