import type { Labels } from '../pdata/series.ts';
import type { Workload } from './workload.ts';

/** Names that only a runtime or its bundle knows. */
export interface Names {
  readonly container: string;
  readonly image: string;
  readonly name: string;
  readonly namespace: string;
  readonly pod: string;
}

/**
 * Makes the frozen label object that all series of a workload share: the six labels that the
 * kubelet puts on every container row, in its order. "" is unknown. A pod's own row has none of its
 * containers' names.
 */
export function createIdentity(workload: Workload, names?: Names): Labels {
  const own = workload.kind === 'pod' ? undefined : names;
  return Object.freeze({
    container: own?.container ?? '',
    id: workload.id,
    image: own?.image ?? '',
    name: own?.name ?? workload.containerId ?? '',
    namespace: names?.namespace ?? '',
    pod: names?.pod ?? '',
  });
}
