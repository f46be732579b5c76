import type { CriClient } from '../../platform/cri/client.ts';
import type { Read } from '../../platform/cri/message.ts';
import type { FilesystemUsage } from '../../platform/cri/stats.ts';
import type { LayerUse } from '../../workload/layer-use.ts';
import { countOf, positiveOf, type Timed, timed } from './figures.ts';
import type { LayerPlaces } from './places.ts';

/** What a container wrote to its root file system, and where that is kept. */
interface WritableLayer {
  readonly bytes: number;
  readonly inodes: number | undefined;
  readonly mountpoint: string;
}

/** Reads the writable layer of a container's stats; an empty one has at least its own directory. */
export function layerOf(
  told: Read<typeof FilesystemUsage> | undefined,
  now: number,
): Timed<WritableLayer> | undefined {
  return timed(told, now, ({ used_bytes, inodes_used, fs_id }) => {
    const bytes = countOf(used_bytes);
    const inodes = positiveOf(inodes_used);
    if (bytes === undefined || (bytes === 0 && inodes === undefined)) return undefined;
    return { bytes, inodes, mountpoint: fs_id?.mountpoint ?? '' };
  });
}

/** The writable layer with the file system that holds it, which `places` has been told to look at. */
export function layerUseOf(
  told: Timed<WritableLayer> | undefined,
  places: LayerPlaces,
): LayerUse | undefined {
  if (told === undefined) return undefined;
  const { bytes, inodes, mountpoint } = told.figures;
  return { bytes, inodes, ...places.of(mountpoint), time: told.time };
}

/** Asks a runtime for one container's; undefined where it does not tell. Rejects with CriError. */
export async function readLayer(
  { client, places, now }: { client: CriClient; places: LayerPlaces; now: () => number },
  container_id: string,
  deadline: number,
): Promise<LayerUse | undefined> {
  const { stats } = await client.call('ContainerStats', { container_id }, deadline);
  const told = layerOf(stats?.writable_layer, now());
  if (told !== undefined) await places.look(new Set([told.figures.mountpoint]));
  return layerUseOf(told, places);
}
