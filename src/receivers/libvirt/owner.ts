import type { LifeOwner } from '../../helper/receiver/labelled-recorders.ts';
import type { Speaker } from '../../helper/receiver/speaker.ts';
import type { Labels } from '../../pdata/series.ts';
import { NO_LIMITS } from '../../platform/oci/spec.ts';
import type { Facts } from '../../workload/facts.ts';
import { createIdentity, type Names } from '../../workload/identity.ts';
import type { Identity, WorkloadObserver } from '../../workload/observer.ts';
import type { MetricGroup } from '../../workload/voices.ts';
import type { Workload } from '../../workload/workload.ts';
import type { DomainNames } from './names.ts';

/** Whose rows a domain's are. */
export interface Owner extends LifeOwner {
  /** Looks for its labels; false while they are awaited. */
  isKnown(): boolean;
  /** Whether a group of container_* rows is this receiver's. */
  maySpeak(group: MetricGroup): boolean;
  /** It is gone. */
  close(): void;
}

/** What an owner is made with. */
export interface OwnerOptions {
  readonly speaker: Speaker;
  readonly uuid: string;
  /** When the domain started at the earliest, in ms since the epoch. */
  readonly startMillis: number;
}

/** As long as the observer waits for names. */
const HOLD_MILLIS = 2000;

/** A VM of its own: a container whose runtime is libvirt, under its cgroup or else under its uuid. */
export function createVmOwner(
  { speaker, uuid, startMillis }: OwnerOptions,
  cgroup: string | undefined,
  { names, podUid }: DomainNames,
): Owner {
  const workload = workloadOf(cgroup ?? uuid, uuid, podUid);
  let identity: Identity | undefined;
  speaker.announce(workload, { facts: factsOf(names, podUid) });
  return {
    isKnown() {
      identity ??= speaker.identify(workload);
      return identity !== undefined;
    },
    labels: () => identity?.labels ?? {},
    start: () => startMillis,
    maySpeak: (group) => speaker.maySpeak(workload, group),
    close: () => speaker.withdraw(workload),
  };
}

/** How the container `compute` of a VM's pod is found. */
export interface ComputeSources {
  readonly observer: WorkloadObserver | undefined;
  /** The container that the daemon itself runs in, where its socket tells. */
  readonly container: Workload | undefined;
  readonly podUid: string | undefined;
  now(): number;
}

/**
 * The container in which KubeVirt runs a VM: its own rows are those of its cgroup, and the guest's
 * stand beside them under its labels. Where it is not found in time, `names` are all that is told.
 */
export function createComputeOwner(
  { speaker, uuid, startMillis }: OwnerOptions,
  sources: ComputeSources,
  names: Names,
): Owner {
  const { container } = sources;
  const since = sources.now();
  let labels: Labels | undefined;
  if (container !== undefined) speaker.announce(container);
  return {
    isKnown() {
      labels ??= find();
      return labels !== undefined;
    },
    labels: () => labels ?? {},
    start: () => startMillis,
    maySpeak: () => false,
    close() {
      if (container !== undefined) speaker.withdraw(container);
    },
  };

  function find(): Labels | undefined {
    const found = container === undefined ? inPod() : speaker.identify(container)?.labels;
    if (found !== undefined || container !== undefined) return found;
    const isLate = sources.now() - since >= HOLD_MILLIS;
    const isSought = sources.podUid !== undefined && sources.observer !== undefined;
    if (isSought && !isLate) return undefined;
    return createIdentity(workloadOf(uuid, uuid, undefined), names);
  }

  function inPod(): Labels | undefined {
    if (sources.podUid === undefined) return undefined;
    for (const { workload, identity } of sources.observer?.known() ?? []) {
      const isOfPod = workload.kind === 'container' && workload.podUid === sources.podUid;
      if (isOfPod && identity.labels.container === names.container) return identity.labels;
    }
    return undefined;
  }
}

function workloadOf(id: string, uuid: string, podUid: string | undefined): Workload {
  return Object.freeze({
    ...{ kind: 'container', id, containerId: uuid, podUid, engine: undefined, runtime: 'libvirt' },
  } as const);
}

function factsOf(names: Names, podUid: string | undefined): Facts {
  return {
    ...{ names, podUid, isSandbox: false, sandboxId: undefined, runtime: 'libvirt' },
    ...{ rootfs: undefined, resources: NO_LIMITS, network: 'own' },
  } as const;
}
