import type { Counter } from '../../component/telemetry.ts';
import type { LogOnce } from '../../helper/log-once.ts';
import type { Facts } from '../../workload/facts.ts';
import { createIdentity, type Names } from '../../workload/identity.ts';
import type { Identity, KnownWorkload } from '../../workload/observer.ts';
import type { Workload } from '../../workload/workload.ts';
import type { Bundles } from './bundles.ts';

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
  /** Wall clock in ms. */
  readonly now: () => number;
  readonly said: LogOnce;
  /** Counts workloads whose names did not come in time. */
  readonly withheld: Counter;
  /** Hears of what a container's bundle told. */
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
  identity: Identity | undefined;
  isWithheld: boolean;
}

/** Makes the registry. */
export function createIdentities(sources: IdentitySources): Identities {
  const { bundles, now, said } = sources;
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
      identity: undefined,
      isWithheld: false,
    };
    entry.announcements++;
    entry.told ??= told;
    entries.set(keyOf(workload), entry);
    if (workload.kind === 'container') look(entry);
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
    const facts = entry.facts ?? (told?.podUid === undefined ? undefined : told);
    const names = kind === 'pod' ? pods.get(podUid ?? '')?.names : facts?.names;
    const isNamed = podUid === undefined ? names !== undefined : names?.pod && names.namespace;
    if (isNamed) return identityOf(workload, names, facts);
    if (!bundles.areKeptFor(workload)) return identityOf(workload, told?.names, told);
    if (now() - entry.announced < HOLD_MILLIS) return undefined;
    if (podUid === undefined) return identityOf(workload, told?.names, told);
    withhold(entry);
    return undefined;
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

  function rememberPod({ workload }: Entry, { names }: Facts): void {
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
    entries.delete(keyOf(workload));
    const pod = pods.get(workload.podUid ?? '');
    pod?.containers.delete(workload.id);
    if (pod?.containers.size === 0) pods.delete(workload.podUid ?? '');
  }
}

function identityOf(workload: Workload, names?: Names, facts?: Facts): Identity {
  return Object.freeze({ labels: createIdentity(workload, names), facts });
}

/** A path may be seen as a bare cgroup by one receiver and as its container's by another. */
function keyOf({ id, kind }: Workload): string {
  return `${kind} ${id}`;
}
