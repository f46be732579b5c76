import type { Claim } from '../../workload/observer.ts';
import { type MetricGroup, type Voice, voiceOf } from '../../workload/voices.ts';
import type { Runtime, Workload } from '../../workload/workload.ts';

/** The live registry of claims, by workload and metric group. */
export interface Claims {
  register(voice: Voice, runtimes: readonly Runtime[]): void;
  announce(workload: Workload): void;
  claim(voice: Voice, workload: Workload, group: MetricGroup): Claim;
  withdraw(workload: Workload): void;
}

interface Entry {
  readonly announced: number;
  runtime: Runtime | undefined;
  readonly granted: Map<MetricGroup, Voice>;
}

/**
 * Makes a registry keyed by container id, else by cgroup path. `now` is in ms; a container whose
 * runtime nobody has told after `relistMillis` counts as runc's.
 */
export function createClaims(now: () => number, relistMillis: number): Claims {
  const entries = new Map<string, Entry>();
  const registered = new Set<Runtime>();
  return { register, announce, claim, withdraw };

  function register(_voice: Voice, runtimes: readonly Runtime[]): void {
    for (const runtime of runtimes) registered.add(runtime);
  }

  function announce(workload: Workload): void {
    const entry = entries.get(keyOf(workload));
    if (entry === undefined) {
      const { runtime } = workload;
      entries.set(keyOf(workload), { announced: now(), runtime, granted: new Map() });
    } else {
      entry.runtime ??= workload.runtime;
    }
  }

  function claim(voice: Voice, workload: Workload, group: MetricGroup): Claim {
    const entry = entries.get(keyOf(workload));
    if (entry === undefined) return 'denied';
    const holder = entry.granted.get(group);
    if (holder !== undefined) return holder === voice ? 'granted' : 'denied';
    const runtime = entry.runtime ?? assumedRuntime(workload, entry);
    if (runtime === undefined) return 'pending';
    if (voiceOf(workload.kind, runtime, group) !== voice) return 'denied';
    entry.granted.set(group, voice);
    return 'granted';
  }

  function assumedRuntime(workload: Workload, entry: Entry): Runtime | undefined {
    const othersMaySpeak = [...registered].some((runtime) => runtime !== 'runc');
    const waiting = now() - entry.announced < relistMillis;
    return workload.kind === 'container' && othersMaySpeak && waiting ? undefined : 'runc';
  }

  function withdraw(workload: Workload): void {
    entries.delete(keyOf(workload));
  }
}

function keyOf(workload: Workload): string {
  return workload.containerId ?? workload.id;
}
