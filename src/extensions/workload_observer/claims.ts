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
  /** Announcements: the entry lives until the last of them is withdrawn. */
  announcements: number;
  runtime: Runtime | undefined;
  readonly granted: Map<MetricGroup, Voice>;
}

/**
 * Makes a registry keyed by container id, else by cgroup path. `now` is in ms; a container whose
 * runtime nobody has told after `relistMillis` counts as runc's. A cgroup that looks like any other
 * is a container's as soon as its runtime's receiver says so: then the cgroup has no voice.
 */
export function createClaims(now: () => number, relistMillis: number): Claims {
  const entries = new Map<string, Entry>();
  /** Cgroups that a runtime names as those of its containers, by path. */
  const owned = new Map<string, number>();
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
