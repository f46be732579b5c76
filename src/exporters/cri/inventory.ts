import type { Facts } from '../../workload/facts.ts';
import type { Names } from '../../workload/identity.ts';
import type { KnownWorkload } from '../../workload/observer.ts';
import type { Workload } from '../../workload/workload.ts';
import { nanosOfSeconds } from './nanos.ts';
import type { Usage } from './store.ts';
import { createView, type View } from './view.ts';

/** A container that runs, as the CRI speaks of it. */
export interface RunningContainer {
  readonly id: string;
  /** '' for one that is in no pod. */
  readonly sandboxId: string;
  readonly names: Names;
  readonly labels: Readonly<Record<string, string>>;
  /** Where its root file system is mounted; undefined where no bundle tells. */
  readonly rootfs: string | undefined;
  /** When it started, in ns since the epoch; undefined when nobody tells. */
  readonly startedNanos: bigint | undefined;
  readonly view: View;
}

/** A pod that runs. */
export interface RunningPod {
  readonly id: string;
  readonly uid: string;
  readonly names: Names;
  readonly labels: Readonly<Record<string, string>>;
  readonly startedNanos: bigint | undefined;
  /** The pod's own cgroup, with all that is in it. */
  readonly whole: View | undefined;
  /** Its pause container, which has the network; CRI-O may run none. */
  readonly sandbox: View | undefined;
  readonly containers: readonly RunningContainer[];
}

/** All that runs. */
export interface Inventory {
  readonly containers: readonly RunningContainer[];
  readonly pods: readonly RunningPod[];
}

/** What a pod is made of. */
interface Parts {
  facts: Facts;
  sandbox: View | undefined;
  labels: Readonly<Record<string, string>> | undefined;
  readonly containers: RunningContainer[];
}

const NAMELESS = { container: '', image: '', namespace: '', pod: '' };

/**
 * Joins what has rows with what the observer knows. A container of a pod of which nothing is known
 * is left out, since it may be the pod's pause container.
 */
export function takeInventory(
  usages: ReadonlyMap<string, Usage>,
  known: Iterable<KnownWorkload>,
  generation: number,
): Inventory {
  const byPath = new Map<string, KnownWorkload>();
  for (const each of known) {
    if (each.workload.kind === 'container') byPath.set(each.workload.id, each);
  }
  const containers: RunningContainer[] = [];
  const slices = new Map<string, View>();
  const parts = new Map<string, Parts>();
  for (const [path, usage] of usages) {
    const { workload, identity } = byPath.get(path) ?? { workload: usage.workload };
    if (workload.kind !== 'pod' && workload.kind !== 'container') continue;
    const view = createView(usage, generation);
    if (view.all()[Symbol.iterator]().next().done) continue;
    if (workload.kind === 'container') add(view, workload, identity?.facts);
    else if (workload.podUid !== undefined) slices.set(workload.podUid, view);
  }
  return { containers, pods: podsOf(parts, slices) };

  function add(view: View, { containerId: id, podUid }: Workload, facts: Facts | undefined): void {
    if (id === undefined || (podUid !== undefined && facts === undefined)) return;
    const pod = facts?.sandboxId === undefined ? undefined : partsOf(facts.sandboxId, facts);
    if (pod !== undefined && facts?.isSandbox) {
      Object.assign(pod, { facts, sandbox: view, labels: facts.labels });
      return;
    }
    const names = facts?.names ?? { ...NAMELESS, name: id };
    const container: RunningContainer = {
      ...{ id, names, view, sandboxId: facts?.sandboxId ?? '', rootfs: facts?.rootfs },
      labels: facts?.labels ?? labelsOf(names, facts?.podUid ?? podUid, names.container),
      startedNanos: startedNanosOf(view),
    };
    containers.push(container);
    pod?.containers.push(container);
  }

  function partsOf(sandboxId: string, facts: Facts): Parts {
    const pod = parts.get(sandboxId) ?? {
      ...{ facts, sandbox: undefined, labels: undefined, containers: [] },
    };
    parts.set(sandboxId, pod);
    return pod;
  }
}

/** Of several sandboxes of one pod the newest has the pod's figures: they are told once. */
function podsOf(
  parts: ReadonlyMap<string, Parts>,
  slices: ReadonlyMap<string, View>,
): RunningPod[] {
  const pods = [...parts].map(([id, { facts, sandbox, labels, containers }]) => {
    const uid = facts.podUid ?? '';
    const started = sandbox === undefined ? undefined : startedNanosOf(sandbox);
    return {
      ...{ id, uid, sandbox, containers, names: facts.names, started },
      labels: labels ?? labelsOf(facts.names, uid),
    };
  });
  pods.sort((a, b) => Number((b.started ?? 0n) - (a.started ?? 0n)));
  const taken = new Set<string>();
  return pods.map(({ started, ...pod }) => {
    const whole = taken.has(pod.uid) ? undefined : slices.get(pod.uid);
    taken.add(pod.uid);
    const startedNanos = started ?? (whole === undefined ? undefined : startedNanosOf(whole));
    return { ...pod, whole, startedNanos };
  });
}

function startedNanosOf(view: View): bigint | undefined {
  const point = view.point('container_start_time_seconds');
  return point === undefined ? undefined : nanosOfSeconds(point.value);
}

/** The labels that the kubelet gives to all of its containers: crictl shows pods by them. */
function labelsOf(
  { pod, namespace }: Names,
  uid: string | undefined,
  container?: string,
): Readonly<Record<string, string>> {
  const all = {
    'io.kubernetes.container.name': container,
    'io.kubernetes.pod.name': pod,
    'io.kubernetes.pod.namespace': namespace,
    'io.kubernetes.pod.uid': uid,
  };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => !!entry[1]),
  );
}
