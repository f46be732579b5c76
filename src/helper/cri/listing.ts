import type { CriClient } from '../../platform/cri/client.ts';
import {
  CONTAINER_RUNNING,
  type Container,
  type PodSandbox,
  SANDBOX_READY,
} from '../../platform/cri/containers.ts';
import type { Read } from '../../platform/cri/message.ts';
import { isContainerId } from '../../platform/oci/bundle.ts';
import { labelOf, textsOf } from '../../platform/oci/spec.ts';
import type { Names } from '../../workload/identity.ts';

/** A container that runs, or the sandbox of a pod, as the lists of the CRI tell of it. */
export interface Listed {
  readonly id: string;
  readonly isSandbox: boolean;
  /** Its own id for a sandbox. */
  readonly sandboxId: string;
  readonly names: Names;
  readonly podUid: string | undefined;
  /** Its Kubernetes labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** In ms since the epoch; undefined where the runtime does not tell. */
  readonly createdMillis: number | undefined;
  /** The name of the pod's runtime in the runtime's configuration; '' is the default one. */
  readonly handler: string;
}

/**
 * Lists what runs, by id; `deadline` is in ms of performance.now(). What has no proper id, or is of a pod
 * that is not ready, is left out. Rejects with CriError.
 */
export async function listRunning(
  client: CriClient,
  deadline: number,
): Promise<Map<string, Listed>> {
  const ready = { filter: { state: { state: SANDBOX_READY } } };
  const running = { filter: { state: { state: CONTAINER_RUNNING } } };
  const [{ items }, { containers }] = await Promise.all([
    client.call('ListPodSandbox', ready, deadline),
    client.call('ListContainers', running, deadline),
  ]);
  const listed = new Map<string, Listed>();
  for (const pod of items) {
    if (isContainerId(pod.id) && pod.state === SANDBOX_READY) listed.set(pod.id, sandboxOf(pod));
  }
  for (const container of containers) {
    const sandbox = listed.get(container.pod_sandbox_id);
    if (!isContainerId(container.id) || listed.has(container.id)) continue;
    if (sandbox === undefined || container.state !== CONTAINER_RUNNING) continue;
    listed.set(container.id, containerOf(container, sandbox));
  }
  return listed;
}

function sandboxOf(pod: Read<typeof PodSandbox>): Listed {
  const { id, metadata, created_at, labels, runtime_handler } = pod;
  return {
    ...{ id, isSandbox: true, sandboxId: id, handler: labelOf(runtime_handler) ?? '' },
    names: {
      ...{ container: '', image: '', name: id },
      namespace: labelOf(metadata?.namespace) ?? '',
      pod: labelOf(metadata?.name) ?? '',
    },
    podUid: labelOf(metadata?.uid) || undefined,
    labels: textsOf(labels),
    createdMillis: millisOf(created_at),
  };
}

function containerOf(container: Read<typeof Container>, sandbox: Listed): Listed {
  const { id, metadata, image, labels, created_at } = container;
  const { podUid, handler, sandboxId } = sandbox;
  const named = [image?.user_specified_image, image?.image].find(isImageName);
  return {
    ...{ id, isSandbox: false, sandboxId, podUid, handler },
    names: {
      ...sandbox.names,
      container: labelOf(metadata?.name) ?? '',
      image: labelOf(named) ?? '',
      name: id,
    },
    labels: textsOf(labels),
    createdMillis: millisOf(created_at),
  };
}

/** The kubelet names an image by its id once it has pulled it. */
function isImageName(image: string | undefined): boolean {
  return !!image && !/^(?:sha256:)?[0-9a-f]{64}$/.test(image);
}

function millisOf(nanos: bigint): number | undefined {
  return nanos > 0n ? Number(nanos / 1_000_000n) : undefined;
}
