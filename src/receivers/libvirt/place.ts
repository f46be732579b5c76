import { readChildren, readDirectory, readPids } from '../../platform/cgroupfs/directory.ts';
import type { Hierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { domainCgroups } from '../../platform/libvirt/cgroup-name.ts';
import type { Domain } from '../../platform/libvirt/domain.ts';
import { readProcessStart } from '../../platform/procfs/host.ts';

/** Where a domain runs on this host. */
export interface Place {
  /** Its cgroup. */
  readonly id: string;
  /** When its QEMU started, in ms since the epoch. */
  readonly startMillis: number;
}

/** What places are found with. */
export interface PlaceSources {
  readonly hierarchies: Hierarchies;
  readonly paths: RootedPaths;
  readonly bootMillis: number | undefined;
}

const CONTROLLERS = ['cpu', 'memory', 'pids', 'blkio'];
/** libvirt makes two levels below its own. */
const MAX_DEPTH = 3;

/** Finds the cgroup of a running domain; undefined where this host has none of its own for it. */
export function findPlace(
  sources: PlaceSources,
  domain: Domain,
  partition: string | undefined,
): Place | undefined {
  const mounts = CONTROLLERS.map((name) => sources.hierarchies.controller(name)?.directory);
  for (const id of domainCgroups(domain, partition)) {
    const directories = [...new Set(mounts)].flatMap((mount) => {
      const path = `${mount}${id}`;
      const there = mount === undefined ? undefined : readDirectory(path);
      return there === undefined ? [] : [{ path, ...there }];
    });
    const [first] = directories;
    if (first === undefined) continue;
    const pids = directories.flatMap(({ path }) => pidsOf(path, MAX_DEPTH));
    return { id, startMillis: earliest(sources, pids) ?? first.modifiedMillis };
  }
  return undefined;
}

function earliest(
  { paths, bootMillis }: PlaceSources,
  pids: readonly number[],
): number | undefined {
  if (bootMillis === undefined) return undefined;
  const starts = [...new Set(pids)].map((pid) => readProcessStart(paths, pid, bootMillis));
  const known = starts.filter((start) => start !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

function pidsOf(path: string, depth: number): number[] {
  const own = readPids(path);
  if (depth === 0) return own;
  return own.concat(...childrenOf(path).map((name) => pidsOf(`${path}/${name}`, depth - 1)));
}

function childrenOf(path: string): string[] {
  try {
    return readChildren(path);
  } catch {
    return [];
  }
}
