import { isVmCgroup } from '../../workload/cgroup-path.ts';
import type { Claim } from '../../workload/observer.ts';
import { type MetricGroup, type Voice, voicesFor } from '../../workload/voices.ts';
import type { Runtime, Workload } from '../../workload/workload.ts';

/** The live registry of claims, by workload and metric group. */
export interface Claims {
  register(voice: Voice, runtimes: readonly Runtime[]): void;
  /** `sinceMillis`: when it was there at the latest. */
  announce(workload: Workload, sinceMillis?: number): void;
  listed(voice: Voice): void;
  /** The runtime of a container became known; the first word stands. */
  learn(workload: Workload, runtime: Runtime): void;
  claim(voice: Voice, workload: Workload, group: MetricGroup): Claim;
  withdraw(workload: Workload): void;
}

interface Entry {
  readonly announced: number;
  readonly since: number;
  /** Announcements: the entry lives until the last of them is withdrawn. */
  announcements: number;
  runtime: Runtime | undefined;
  readonly granted: Map<MetricGroup, Voice>;
}

/** A runtime makes a container's cgroup first and writes its own files a moment later. */
const STATE_MILLIS = 2000;

/**
 * Makes a registry keyed by container id, else by cgroup path. `now` is in ms; a container whose
 * runtime nobody has told counts as runc's once the others have listed theirs, or after
 * `relistMillis`. A cgroup that looks like any other is a container's as soon as its runtime's
 * receiver says so: then the cgroup has no voice.
 */
export function createClaims(now: () => number, relistMillis: number): Claims {
  const entries = new Map<string, Entry>();
  /** Cgroups that a runtime names as those of its containers, by path. */
  const owned = new Map<string, number>();
  const voices = new Set<Voice>();
  /** When receivers of other runtimes listed theirs. */
  const others = new Map<Voice, number>();
  return { register, announce, listed, learn, claim, withdraw };

  function register(voice: Voice, runtimes: readonly Runtime[]): void {
    voices.add(voice);
    if (runtimes.some((runtime) => runtime !== 'runc')) others.set(voice, 0);
  }

  function listed(voice: Voice): void {
    if (others.has(voice)) others.set(voice, now());
  }

  function announce(workload: Workload, sinceMillis?: number): void {
    const key = keyOf(workload);
    const { runtime } = workload;
    const entry = entries.get(key) ?? {
      announced: now(),
      since: Math.min(now(), sinceMillis ?? now()),
      announcements: 0,
      runtime,
      granted: new Map(),
    };
    entry.runtime ??= runtime;
    entry.announcements++;
    entries.set(key, entry);
    if (runtime !== undefined) count(workload.id, 1);
  }

  function learn(workload: Workload, runtime: Runtime): void {
    const entry = entries.get(keyOf(workload));
    if (entry !== undefined) entry.runtime ??= runtime;
  }

  function claim(voice: Voice, workload: Workload, group: MetricGroup): Claim {
    const entry = entries.get(keyOf(workload));
    if (entry === undefined) return 'denied';
    if (workload.kind === 'cgroup' && owned.has(workload.id)) return 'denied';
    const holder = entry.granted.get(group);
    if (holder !== undefined) return holder === voice ? 'granted' : 'denied';
    const runtime = entry.runtime ?? assumedRuntime(workload, entry);
    if (runtime === undefined || isAwaited(workload, entry)) return 'pending';
    if (speakerOf(voicesFor(workload.kind, runtime, group)) !== voice) return 'denied';
    entry.granted.set(group, voice);
    return 'granted';
  }

  function speakerOf(wanted: readonly Voice[]): Voice | undefined {
    return wanted.find((voice) => voices.has(voice)) ?? wanted[0];
  }

  function assumedRuntime(workload: Workload, entry: Entry): Runtime | undefined {
    if (workload.kind !== 'container' || now() - entry.announced >= relistMillis) return 'runc';
    // No container's cgroup is a VM's.
    const rest = [...others].filter(([voice]) => voice !== 'libvirt');
    return rest.every(([, time]) => time >= entry.since + STATE_MILLIS) ? 'runc' : undefined;
  }

  /** The cgroup of a VM is told from others by its name: libvirt's receiver is waited for, as long. */
  function isAwaited({ id, kind }: Workload, entry: Entry): boolean {
    const listed = others.get('libvirt');
    if (kind !== 'cgroup' || listed === undefined || !isVmCgroup(id)) return false;
    return listed < entry.since + STATE_MILLIS && now() - entry.announced < relistMillis;
  }

  function withdraw(workload: Workload): void {
    const entry = entries.get(keyOf(workload));
    if (entry === undefined) return;
    if (workload.runtime !== undefined) count(workload.id, -1);
    entry.announcements--;
    if (entry.announcements === 0) entries.delete(keyOf(workload));
  }

  function count(path: string, change: number): void {
    const left = (owned.get(path) ?? 0) + change;
    if (left > 0) owned.set(path, left);
    else owned.delete(path);
  }
}

function keyOf(workload: Workload): string {
  return workload.containerId ?? workload.id;
}
