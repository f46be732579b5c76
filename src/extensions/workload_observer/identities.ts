import type { Counter } from '../../component/telemetry.ts';
import type { LogOnce } from '../../helper/log-once.ts';
import type { Facts } from '../../workload/facts.ts';
import { createIdentity, type Names } from '../../workload/identity.ts';
import type { Identity, KnownWorkload } from '../../workload/observer.ts';
import type { Workload } from '../../workload/workload.ts';
import { type Bundles, isInContainer } from './bundles.ts';
import type { Followed, RuntimeNames } from './runtime-names.ts';

/** Gives each workload its labels, once its names are known. */
export interface Identities {
  announce(workload: Workload, told?: Facts): void;
  identify(workload: Workload): Identity | undefined;
  known(): Iterable<KnownWorkload>;
  withdraw(workload: Workload): void;
}

/** What the identities are made with. */
export interface IdentitySources {
  readonly bundles: Bundles;
  /** What a container runtime tells; undefined where none is configured. */
  readonly runtime: RuntimeNames | undefined;
  /** Wall clock in ms. */
  readonly now: () => number;
  readonly said: LogOnce;
  /** Counts workloads whose names did not come in time. */
  readonly withheld: Counter;
  /** Hears of what a container's bundle told, or its runtime. */
  learnt(workload: Workload, facts: Facts): void;
}

/** Names may come after the cgroup, but not long after. */
const HOLD_MILLIS = 2000;
const RETRY_MILLIS = 5000;

interface Entry {
  readonly workload: Workload;
  readonly announced: number;
  nextLook: number;
  announcements: number;
  /** From the bundle. */
  facts: Facts | undefined;
  /** From the runtime's own files. */
  told: Facts | undefined;
  /** What the container runtime tells of it. */
  followed: Followed | undefined;
  identity: Identity | undefined;
  isWithheld: boolean;
}

/** Makes the registry. */
export function createIdentities(sources: IdentitySources): Identities {
  const { bundles, runtime, now, said } = sources;
  const entries = new Map<string, Entry>();
  const pods = new Map<string, { names: Names; readonly containers: Set<string> }>();
  let withheldCount = 0;
  return { announce, identify, known, withdraw };

  function announce(workload: Workload, told?: Facts): void {
    const entry: Entry = entries.get(keyOf(workload)) ?? {
      workload,
      announced: now(),
      nextLook: 0,
      announcements: 0,
      facts: undefined,
      told: undefined,
      followed: undefined,
      identity: undefined,
      isWithheld: false,
    };
    entry.announcements++;
    entry.told ??= told;
    entries.set(keyOf(workload), entry);
    if (workload.kind === 'container') look(entry);
    if (workload.kind === 'container' && !isInContainer(workload)) {
      entry.followed ??= runtime?.follow(workload, () => !isWhole(entry.facts));
    }
    if (told !== undefined) rememberPod(entry, told);
  }

  function identify(workload: Workload): Identity | undefined {
    const entry = entries.get(keyOf(workload));
    if (entry === undefined) return undefined;
    entry.identity ??= resolve(entry);
    if (entry.identity !== undefined) release(entry);
    return entry.identity;
  }

  function* known(): Iterable<KnownWorkload> {
    for (const { workload, identity } of entries.values()) {
      if (identity !== undefined) yield { workload, identity };
    }
  }

  function resolve(entry: Entry): Identity | undefined {
    const { workload } = entry;
    const { kind, podUid } = workload;
    if (kind !== 'container' && kind !== 'pod') return identityOf(workload);
    if (kind === 'container') look(entry);
    const { told } = entry;
    const facts = factsOfEntry(entry);
    const isAwaited = now() - entry.announced < HOLD_MILLIS && entry.followed?.isAwaited();
    if (isAwaited && !isWhole(facts)) return undefined;
    const names = kind === 'pod' ? pods.get(podUid ?? '')?.names : facts?.names;
    const isNamed = podUid === undefined ? names !== undefined : names?.pod && names.namespace;
    if (isNamed) return identityOf(workload, names, facts);
    if (!bundles.areKeptFor(workload) && !runtime?.isUsable())
      return identityOf(workload, told?.names, told);
    if (now() - entry.announced < HOLD_MILLIS) return undefined;
    if (podUid === undefined) return identityOf(workload, told?.names, told);
    withhold(entry);
    return undefined;
  }

  /** Bundles first; what they leave open, and labels, are the runtime's to tell. */
  function factsOfEntry({ workload, facts, told, followed }: Entry): Facts | undefined {
    const own = facts ?? (told?.podUid === undefined ? undefined : told);
    const more = followed?.facts();
    if (own !== undefined) return followed === undefined ? own : joined(own, followed);
    if (more === undefined) return undefined;
    sources.learnt(workload, more);
    rememberPod({ workload }, more);
    return more;
  }

  function look(entry: Entry): void {
    const time = now();
    if (entry.facts !== undefined || time < entry.nextLook) return;
    entry.nextLook = time - entry.announced < HOLD_MILLIS ? time : time + RETRY_MILLIS;
    const { workload } = entry;
    entry.facts = bundles.find(workload);
    if (entry.facts === undefined) return;
    sources.learnt(workload, entry.facts);
    rememberPod(entry, entry.facts);
  }

  function rememberPod({ workload }: Pick<Entry, 'workload'>, { names }: Facts): void {
    const { podUid } = workload;
    if (podUid === undefined || names.pod === '' || names.namespace === '') return;
    const known = pods.get(podUid) ?? { names, containers: new Set<string>() };
    known.containers.add(workload.id);
    pods.set(podUid, known);
  }

  function withhold(entry: Entry): void {
    if (entry.isWithheld) return;
    entry.isWithheld = true;
    withheldCount++;
    sources.withheld.add(1);
    said.trouble('withheld', 'Workloads whose pod is unknown after 2 s are withheld', {
      id: entry.workload.id,
    });
  }

  function release(entry: Entry): void {
    if (!entry.isWithheld) return;
    entry.isWithheld = false;
    withheldCount--;
    if (withheldCount === 0) said.recovered('withheld', 'No workload is withheld any more');
  }

  function withdraw(workload: Workload): void {
    const entry = entries.get(keyOf(workload));
    if (entry === undefined) return;
    entry.announcements--;
    if (entry.announcements > 0) return;
    release(entry);
    bundles.forget(workload);
    entry.followed?.close();
    entries.delete(keyOf(workload));
    const pod = pods.get(workload.podUid ?? '');
    pod?.containers.delete(workload.id);
    if (pod?.containers.size === 0) pods.delete(workload.podUid ?? '');
  }
}

function identityOf(workload: Workload, names?: Names, facts?: Facts): Identity {
  return Object.freeze({ labels: createIdentity(workload, names), facts });
}

/** Labels may come after the identity was given. */
function joined(facts: Facts, followed: Followed): Facts {
  const more = followed.facts();
  const names = Object.entries(facts.names).map(([key, name]) => [
    key,
    name || more?.names[key as keyof Names] || '',
  ]);
  return {
    ...facts,
    names: Object.fromEntries(names),
    get labels() {
      return followed.facts()?.labels;
    },
  };
}

/** False where a label would be empty that a runtime may know: sandboxes have no container. */
function isWhole(facts: Facts | undefined): boolean {
  if (facts === undefined) return false;
  const { container, image, pod, namespace } = facts.names;
  const isContainerOfPod = facts.podUid !== undefined && !facts.isSandbox;
  if (image === '' || (isContainerOfPod && container === '')) return false;
  return facts.podUid === undefined || (pod !== '' && namespace !== '');
}

/** A path may be seen as a bare cgroup by one receiver and as its container's by another. */
function keyOf({ id, kind }: Workload): string {
  return `${kind} ${id}`;
}
