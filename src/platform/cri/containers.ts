/** Containers and pod sandboxes of the CRI (runtime.v1), by the standard's field numbers. */
import { enumeration, int64, labels, message, nested, string, uint32 } from './message.ts';

/** ContainerState: a container whose process runs. */
export const CONTAINER_RUNNING = 1;
/** PodSandboxState: a pod that can run containers. */
export const SANDBOX_READY = 0;

/** Who a pod is. */
export const PodSandboxMetadata = message('PodSandboxMetadata', {
  name: string(1),
  uid: string(2),
  namespace: string(3),
  attempt: uint32(4),
});

/** Who a container is in its pod. */
export const ContainerMetadata = message('ContainerMetadata', {
  name: string(1),
  attempt: uint32(2),
});

const StateValue = message('ContainerStateValue', { state: enumeration(1) });

const ImageSpec = message('ImageSpec', { image: string(1), user_specified_image: string(18) });

/** A container; `created_at` in ns since the epoch. */
export const Container = message('Container', {
  id: string(1),
  pod_sandbox_id: string(2),
  metadata: nested(3, ContainerMetadata),
  image: nested(4, ImageSpec),
  image_ref: string(5),
  state: enumeration(6),
  created_at: int64(7),
  labels: labels(8),
  annotations: labels(9),
});

/** A pod; `created_at` in ns since the epoch. */
export const PodSandbox = message('PodSandbox', {
  id: string(1),
  metadata: nested(2, PodSandboxMetadata),
  state: enumeration(3),
  created_at: int64(4),
  labels: labels(5),
  annotations: labels(6),
  runtime_handler: string(7),
});

/** Which containers; every part must fit. */
export const ContainerFilter = message('ContainerFilter', {
  id: string(1),
  state: nested(2, StateValue),
  pod_sandbox_id: string(3),
  label_selector: labels(4),
});

/** Which pods; every part must fit. */
export const PodSandboxFilter = message('PodSandboxFilter', {
  id: string(1),
  state: nested(2, StateValue),
  label_selector: labels(3),
});
