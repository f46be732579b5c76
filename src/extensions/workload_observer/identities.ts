import type { Counter } from '../../component/telemetry.ts';
import type { LogOnce } from '../../helper/log-once.ts';
import type { Facts } from '../../workload/facts.ts';
import { createIdentity, type Names } from '../../workload/identity.ts';
import type { Identity } from '../../workload/observer.ts';
import type { Workload } from '../../workload/workload.ts';
import type { Bundles } from './bundles.ts';

/** Gives each workload its labels, once its names are known. */
export interface Identities {
  announce(workload: Workload): void;
  identify(workload: Workload): Identity | undefined;
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
  facts: Facts | undefined;
  identity: Identity | undefined;
  isWithheld: boolean;
}

/** Makes the registry. */
export function createIdentities(sources: IdentitySources): Identities {
  const { bundles, now, said } = sources;
  const entries = new Map<string, Entry>();
  const pods = new Map<string, { names: Names; readonly containers: Set<string> }>();
  let withheldCount = 0;
  return { announce, identify, withdraw };

  function announce(workload: Workload): void {
    if (entries.has(workload.id)) return;
    const entry: Entry = {
      workload,
      announced: now(),
      nextLook: 0,
      facts: undefined,
      identity: undefined,
      isWithheld: false,
    };
    entries.set(workload.id, entry);
    if (workload.kind === 'container') look(entry);
  }

  function identify(workload: Workload): Identity | undefined {
    const entry = entries.get(workload.id);
    if (entry === undefined) return undefined;
    entry.identity ??= resolve(entry);
    if (entry.identity !== undefined) release(entry);
    return entry.identity;
  }

  function resolve(entry: Entry): Identity | undefined {
    const { workload } = entry;
    const { kind, podUid } = workload;
    if (kind !== 'container' && kind !== 'pod') return identityOf(workload);
    if (kind === 'container') look(entry);
    const names = kind === 'pod' ? pods.get(podUid ?? '')?.names : entry.facts?.names;
    const isNamed = podUid === undefined ? names !== undefined : names?.pod && names.namespace;
    if (isNamed || !bundles.areKeptFor(workload)) return identityOf(workload, names, entry.facts);
    if (now() - entry.announced < HOLD_MILLIS) return undefined;
    if (podUid === undefined) return identityOf(workload, names, entry.facts);
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
    if (workload.podUid !== undefined) rememberPod(workload.podUid, workload.id, entry.facts.names);
  }

  function rememberPod(uid: string, container: string, names: Names): void {
    const known = pods.get(uid) ?? { names, containers: new Set<string>() };
    known.containers.add(container);
    pods.set(uid, known);
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
    const entry = entries.get(workload.id);
    if (entry === undefined) return;
    release(entry);
    entries.delete(workload.id);
    const pod = pods.get(workload.podUid ?? '');
    pod?.containers.delete(workload.id);
    if (pod?.containers.size === 0) pods.delete(workload.podUid ?? '');
  }
}

function identityOf(workload: Workload, names?: Names, facts?: Facts): Identity {
  return Object.freeze({ labels: createIdentity(workload, names), facts });
}
