import { realpathSync, statfsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { capacityOf } from '../../platform/disk/capacity.ts';
import { measureTree, TreeBoundError, type TreeUsage } from '../../platform/disk/tree-usage.ts';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { readMountinfo } from '../../platform/procfs/host.ts';
import { deviceNameOf, type FileSystemMount, parseMounts } from '../../platform/procfs/mounts.ts';
import type { LayerUse } from '../../workload/layer-use.ts';
import { LayerBoundError, type MeasureLayer } from './layers.ts';
import { createPace } from './pace.ts';

/** Measures layers by walking the upper directories of overlays. */
export interface LayerWalks {
  /**
   * Walks the upper directory of the overlay that is mounted at `rootfs`, by the host's own mounts: what
   * is mounted inside of a container is its tenant's to say. Without one there is nothing to measure.
   */
  of(rootfs: string): MeasureLayer;
}

const LONGEST_WALK_MILLIS = 15 * 60_000;
/** A thousand containers have thousands of mounts. */
const TABLE_MILLIS = 2_000;

interface Table {
  readonly read: number;
  readonly mounts: readonly FileSystemMount[];
  readonly uppers: ReadonlyMap<string, string>;
}

/** Makes the walks below one root; `now` is the wall clock in ms. */
export function createLayerWalks(paths: RootedPaths, now: () => number): LayerWalks {
  const pace = createPace();
  let table: Table | undefined;
  return { of };

  function of(rootfs: string): MeasureLayer {
    return async (signal) => {
      const upper = find(rootfs);
      return upper === undefined ? undefined : measure(upper, signal);
    };
  }

  function look(): Table {
    if (table !== undefined && performance.now() - table.read < TABLE_MILLIS) return table;
    const mounts = parseMounts(readMountinfo(paths) ?? '');
    const uppers = mounts.flatMap(({ mountpoint, upper }) =>
      upper === undefined ? [] : [[mountpoint, upper] as const],
    );
    table = { read: performance.now(), mounts, uppers: new Map(uppers) };
    return table;
  }

  function find(rootfs: string): string | undefined {
    const { uppers } = look();
    return uppers.get(rootfs) ?? uppers.get(realPathOf(rootfs, paths));
  }

  async function measure(upper: string, signal: AbortSignal): Promise<LayerUse | undefined> {
    const path = paths.resolve(upper);
    try {
      const usage = await walk(path, signal);
      if (usage === undefined) return undefined;
      const { totalBytes: limitBytes } = capacityOf(statfsSync(path));
      const { bytes, inodes, dev } = usage;
      const device = deviceNameOf(look().mounts, dev, upper);
      return { bytes, inodes, limitBytes, device, time: now() };
    } catch (error) {
      if (error instanceof TreeBoundError) throw new LayerBoundError(error.message);
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      // The message of a system call holds names that are a tenant's.
      throw code === undefined ? error : new Error(`${code} below ${path}`);
    }
  }

  async function walk(path: string, signal: AbortSignal): Promise<TreeUsage | undefined> {
    const end = performance.now() + LONGEST_WALK_MILLIS;
    const steps = measureTree(path);
    await pace.begin(signal);
    try {
      for (let step = steps.next(); ; step = steps.next()) {
        if (step.done) return step.value;
        await pace.turn(signal);
        if (performance.now() > end) throw new LayerBoundError('the walk takes too long');
      }
    } finally {
      steps.return(undefined);
      pace.end();
    }
  }
}

/** Without symbolic links, as mount points are told. */
function realPathOf(rootfs: string, { root, resolve }: RootedPaths): string {
  try {
    const real = root === '/' ? realpathSync(rootfs) : resolve(rootfs);
    return join('/', relative(root, real));
  } catch {
    return rootfs;
  }
}
