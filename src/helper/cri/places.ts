import { createCapacityReader } from '../../platform/disk/capacity.ts';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { readMountinfo } from '../../platform/procfs/host.ts';
import { deviceNameOf, parseMounts } from '../../platform/procfs/mounts.ts';

/** Where a runtime keeps writable layers. */
interface LayerPlace {
  /** cAdvisor's name of the device; '' where it is not in sight. */
  readonly device: string;
  /** Size of the file system; undefined where it is not in sight. */
  readonly limitBytes: number | undefined;
}

/** The file systems that hold writable layers, by the directory that the runtime tells. */
export interface LayerPlaces {
  /** Looks at those that are not known, and from time to time again; never rejects. */
  look(mountpoints: ReadonlySet<string>): Promise<void>;
  of(mountpoint: string): LayerPlace;
}

const REFRESH_MILLIS = 60_000;
/** A runtime has one, or one for each snapshotter. */
const MAX_PLACES = 16;
const NOWHERE: LayerPlace = { device: '', limitBytes: undefined };

/** Makes them; a file system that hangs is given up after a second. */
export function createLayerPlaces(paths: RootedPaths): LayerPlaces {
  const capacities = createCapacityReader();
  const places = new Map<string, { readonly place: LayerPlace; readonly due: number }>();
  return { look, of: (mountpoint) => places.get(mountpoint)?.place ?? NOWHERE };

  async function look(mountpoints: ReadonlySet<string>): Promise<void> {
    for (const mountpoint of mountpoints) {
      const known = places.get(mountpoint);
      const now = performance.now();
      if (!mountpoint.startsWith('/') || now < (known?.due ?? now)) continue;
      if (known === undefined && places.size >= MAX_PLACES) continue;
      const found = await placeOf(mountpoint);
      // The device is a label: it stays what it was first.
      const place = { ...found, device: known?.place.device ?? found.device };
      places.set(mountpoint, { place, due: now + REFRESH_MILLIS });
    }
  }

  async function placeOf(mountpoint: string): Promise<LayerPlace> {
    try {
      const { dev, totalBytes } = await capacities.read(paths.resolve(mountpoint));
      const device = deviceNameOf(parseMounts(readMountinfo(paths) ?? ''), dev, mountpoint);
      return { device, limitBytes: totalBytes };
    } catch {
      return NOWHERE;
    }
  }
}
