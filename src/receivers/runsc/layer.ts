import type { Layer, Layers } from '../../helper/layers/layers.ts';
import type { LayerWalks } from '../../helper/layers/walks.ts';
import type { FileStore } from '../../platform/file/file-store.ts';
import { isRootOnHost } from '../../platform/runsc/root-overlay.ts';
import type { ContainerState } from './state.ts';

/** What the layers of containers are measured with. */
export interface LayerSources {
  readonly layers: Layers;
  readonly walks: LayerWalks;
  readonly proc: string;
  readonly files: FileStore;
}

/** Follows what a container writes to its root file system, where that lies on the host. */
export function followLayer(
  { layers, walks, proc, files }: LayerSources,
  { containerId, sandboxPid, spec }: ContainerState,
  rootfs: string,
): Layer {
  const walk = walks.of(rootfs);
  return layers.follow(containerId, async (signal) => {
    const isOnHost = isRootOnHost(proc, sandboxPid, spec.annotations, files);
    return isOnHost ? walk(signal) : undefined;
  });
}
