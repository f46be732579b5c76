import {
  CONTAINER_RUNNING,
  type Container,
  type PodSandbox,
  SANDBOX_READY,
} from '../../platform/cri/containers.ts';
import type { Written } from '../../platform/cri/message.ts';
import type { RunningContainer, RunningPod } from './inventory.ts';

/** A container as a list has it. */
export function containerOf(container: RunningContainer): Written<typeof Container> {
  const { id, sandboxId, names, labels, startedNanos } = container;
  return {
    ...{ id, labels, pod_sandbox_id: sandboxId, created_at: startedNanos },
    metadata: { name: names.container || names.name },
    image: { image: names.image },
    image_ref: names.image,
    state: CONTAINER_RUNNING,
  };
}

/** A pod as a list has it. */
export function podOf({
  id,
  uid,
  names,
  labels,
  startedNanos,
}: RunningPod): Written<typeof PodSandbox> {
  return {
    ...{ id, labels, created_at: startedNanos },
    metadata: { name: names.pod, uid, namespace: names.namespace },
    state: SANDBOX_READY,
  };
}
