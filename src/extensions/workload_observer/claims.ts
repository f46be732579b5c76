import type { Claim } from '../../workload/observer.ts';
import { type MetricGroup, type Voice, voiceOf } from '../../workload/voices.ts';
import type { Runtime, Workload, WorkloadKind } from '../../workload/workload.ts';

/** The live registry of claims, by workload and metric group. */
export interface Claims {
  register(voice: Voice, runtimes: readonly Runtime[]): void;
  announce(workload: Workload): void;
  /** The runtime of a container became known; the first word stands. */
  learn(workload: Workload, runtime: Runtime): void;
  claim(voice: Voice, workload: Workload, group: MetricGroup): Claim;
  withdraw(workload: Workload): void;
}

interface Entry {
  readonly announced: number;
  /** Two cgroups may bear the same container id: the entry lives as long as the last of them. */
  readonly workloads: Set<string>;
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
  const voices = new Set<Voice>();
  return { register, announce, learn, claim, withdraw };

  function register(voice: Voice, runtimes: readonly Runtime[]): void {
    voices.add(voice);
    for (const runtime of runtimes) registered.add(runtime);
  }

  function announce(workload: Workload): void {
    const key = keyOf(workload);
    const { runtime } = workload;
    const entry = entries.get(key) ?? {
      announced: now(),
      workloads: new Set(),
      runtime,
      granted: new Map(),
    };
    entry.runtime ??= runtime;
    entry.workloads.add(workload.id);
    entries.set(key, entry);
  }

  function learn(workload: Workload, runtime: Runtime): void {
    const entry = entries.get(keyOf(workload));
    if (entry !== undefined) entry.runtime ??= runtime;
  }

  function claim(voice: Voice, workload: Workload, group: MetricGroup): Claim {
    const entry = entries.get(keyOf(workload));
    if (entry === undefined) return 'denied';
    const holder = entry.granted.get(group);
    if (holder !== undefined) return holder === voice ? 'granted' : 'denied';
    const runtime = entry.runtime ?? assumedRuntime(workload, entry);
    if (runtime === undefined) return 'pending';
    if (speakerOf(workload.kind, runtime, group) !== voice) return 'denied';
    entry.granted.set(group, voice);
    return 'granted';
  }

  /** Limits are the same wherever they are read: without their receiver the cgroup's gives them. */
  function speakerOf(kind: WorkloadKind, runtime: Runtime, group: MetricGroup): Voice {
    const speaker = voiceOf(kind, runtime, group);
    return group === 'spec' && !voices.has(speaker) ? 'cgroup' : speaker;
  }

  function assumedRuntime(workload: Workload, entry: Entry): Runtime | undefined {
    const othersMaySpeak = [...registered].some((runtime) => runtime !== 'runc');
    const waiting = now() - entry.announced < relistMillis;
    return workload.kind === 'container' && othersMaySpeak && waiting ? undefined : 'runc';
  }

  function withdraw(workload: Workload): void {
    const entry = entries.get(keyOf(workload));
    entry?.workloads.delete(workload.id);
    if (entry?.workloads.size === 0) entries.delete(keyOf(workload));
  }
}

function keyOf(workload: Workload): string {
  return workload.containerId ?? workload.id;
}
