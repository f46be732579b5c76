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
 * kubelet puts on every container row, in its order. "" is unknown.
 */
export function createIdentity(workload: Workload, names?: Names): Labels {
  return Object.freeze({
    container: names?.container ?? '',
    id: workload.id,
    image: names?.image ?? '',
    name: names?.name ?? workload.containerId ?? '',
    namespace: names?.namespace ?? '',
    pod: names?.pod ?? '',
  });
}
