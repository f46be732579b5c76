import { realpathSync } from 'node:fs';
import type { LogOnce } from '../../helper/log-once.ts';
import { type Capacity, createCapacityReader } from '../../platform/disk/capacity.ts';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { readText } from '../../platform/file/text.ts';
import { readMountinfo } from '../../platform/procfs/host.ts';
import {
  type FileSystemMount,
  isOnDevice,
  nodeFileSystems,
  parseMounts,
} from '../../platform/procfs/mounts.ts';

/** The file systems of the node. */
export interface FileSystems {
  /** Asks each for its size, by the name of its device; one that does not answer is left out. */
  read(): Promise<ReadonlyMap<string, Capacity>>;
}

/** Of a device's mounts, those that are tried: others may be mounted over the first. */
const MAX_TRIES = 4;
const NONE: ReadonlyMap<string, Capacity> = new Map();

/** Makes the look at file systems below `paths`; trouble with one is said once. */
export function createFileSystems(
  paths: RootedPaths,
  said: LogOnce,
  failed: () => void,
  reader = createCapacityReader(),
): FileSystems {
  let isRoot: boolean | undefined;
  let troubled = new Set<string>();
  return { read };

  async function read(): Promise<ReadonlyMap<string, Capacity>> {
    isRoot ??= isHostRoot(paths.root);
    if (!isRoot) return NONE;
    const mounts = nodeFileSystems(parseMounts(readMountinfo(paths) ?? ''));
    const devices = Map.groupBy(mounts, ({ device }) => device);
    const found = new Map<string, Capacity>();
    const troubles = new Set<string>();
    for (const [device, own] of devices) {
      const capacity = await ask(device, own.slice(0, MAX_TRIES), troubles);
      if (capacity !== undefined) found.set(device, capacity);
    }
    for (const device of troubled) if (!troubles.has(device)) said.forget(keyOf(device));
    troubled = troubles;
    return found;
  }

  async function ask(
    device: string,
    mounts: readonly FileSystemMount[],
    troubles: Set<string>,
  ): Promise<Capacity | undefined> {
    const key = keyOf(device);
    for (const mount of mounts) {
      // Mount points are told without links; looking for some could keep the caller waiting.
      const path = paths.root === '/' ? mount.mountpoint : `${paths.root}${mount.mountpoint}`;
      try {
        const capacity = await reader.read(path);
        // A file of btrfs tells another number than its mount.
        if (mount.type !== 'btrfs' && !isOnDevice(mount, capacity.dev)) continue;
        said.recovered(key, 'File system answers again', { path });
        return capacity;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
        troubles.add(device);
        failed();
        said.trouble(key, 'File system does not tell its size; its rows are absent', {
          ...{ path, error: (error as Error).message },
        });
        return undefined;
      }
    }
    return undefined;
  }
}

function keyOf(device: string): string {
  return `file system ${device}`;
}

/** False for a copy of a host's files: the sizes would be those of the disk that it lies on. */
function isHostRoot(root: string): boolean {
  if (root === '/') return true;
  const real = realpathSync(root);
  const own = parseMounts(readText('/proc/self/mountinfo') ?? '');
  return own.some(({ mountpoint }) => mountpoint === real);
}
