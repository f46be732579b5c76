import { cgroupPathOf, parseCgroupPath } from '../../workload/cgroup-path.ts';
import { type Facts, factsOf } from '../../workload/facts.ts';
import type { Workload } from '../../workload/workload.ts';
import type { ContainerState } from './state.ts';

/** What the OCI spec in a state file tells: the same as a bundle's. */
export function factsOfState({ containerId, sandboxId, spec }: ContainerState): Facts {
  const bundle = {
    id: containerId,
    spec,
    runtime: 'runsc',
    name: undefined,
    image: undefined,
    labels: {},
  };
  const facts = factsOf(bundle);
  return { ...facts, sandboxId: facts.sandboxId ?? sandboxId };
}

/** The container under the id that its cgroup has, or would have. */
export function workloadOf({ containerId, spec }: ContainerState, facts: Facts): Workload {
  const byPath = parseCgroupPath(cgroupPathOf(spec.cgroupsPath, containerId));
  return Object.freeze({
    kind: 'container',
    id: byPath.id,
    containerId,
    podUid: byPath.podUid ?? facts.podUid,
    engine: byPath.engine,
    runtime: 'runsc',
  });
}
