import { type Described, describe } from '../../helper/cri/describe.ts';
import type { Listed } from '../../helper/cri/listing.ts';
import { forEachOf } from '../../helper/cri/side-by-side.ts';
import type { Speaker } from '../../helper/receiver/speaker.ts';
import { type CriClient, CriError } from '../../platform/cri/client.ts';
import { cgroupPathOf, parseCgroupPath } from '../../workload/cgroup-path.ts';
import type { Runtime, Workload } from '../../workload/workload.ts';

/** A container, a sandbox or a pod's own cgroup for which this receiver may speak. */
export interface Member {
  readonly listed: Listed;
  readonly workload: Workload;
  readonly described: Described;
  /** When it was made, in ms since the epoch; first seen, where the runtime does not tell. */
  readonly startMillis: number;
  /**
   * False where the runtime's figures are not the container's: gVisor's are those of the sandbox' host
   * cgroup for each of them, and of an unknown runtime nobody knows.
   */
  readonly isTrue: boolean;
}

/** What runs. All of it is announced: a pod has its names from its containers. */
export interface Members {
  /** Describes what is new, announces it, and withdraws what is gone. Rejects when the runtime fails. */
  update(running: ReadonlyMap<string, Listed>, deadline: number): Promise<void>;
  all(): Iterable<Member>;
}

/** What members are kept with. */
export interface MemberOptions {
  readonly client: CriClient;
  readonly speaker: Speaker;
  /** When counters began at the earliest, in ms since the epoch, where the runtime does not tell. */
  readonly earliest: () => number;
  gone(member: Member): void;
}

/** Runtimes of whose containers this receiver may speak. */
export const RUNTIMES: readonly Runtime[] = ['kata', 'runc'];

/** Makes them; there are none before the first update. */
export function createMembers({ client, speaker, earliest, gone }: MemberOptions): Members {
  const known = new Map<string, readonly Member[]>();
  /** Pods that have a row: a sandbox that replaces another has the same cgroup. */
  const pods = new Set<string>();
  return { update, all: () => [...known.values()].flat() };

  async function update(running: ReadonlyMap<string, Listed>, deadline: number): Promise<void> {
    for (const [id, members] of known) {
      if (running.has(id)) continue;
      known.delete(id);
      for (const member of members) {
        gone(member);
        pods.delete(member.workload.id);
        speaker.withdraw(member.workload);
      }
    }
    const fresh = [...running.values()].filter(({ id }) => !known.has(id));
    await forEachOf(fresh, (listed) => add(listed, deadline));
    speaker.listed();
  }

  async function add(listed: Listed, deadline: number): Promise<void> {
    const described = await describeOne(listed, deadline);
    if (described === undefined) return;
    const members = membersOf(listed, described);
    known.set(listed.id, members);
    for (const { workload, startMillis } of members) {
      const told = workload.kind === 'container' ? { facts: described.facts } : {};
      speaker.announce(workload, { ...told, sinceMillis: startMillis });
    }
  }

  /** Undefined where it went meanwhile. */
  async function describeOne(listed: Listed, deadline: number): Promise<Described | undefined> {
    try {
      return await describe(client, listed, deadline);
    } catch (error) {
      if (error instanceof CriError && !error.isWhole) return undefined;
      throw error;
    }
  }

  function membersOf(listed: Listed, described: Described): Member[] {
    const startMillis = listed.createdMillis ?? earliest();
    const pod = podOf(listed, described);
    const isFirst = pod !== undefined && !pods.has(pod.id);
    if (isFirst) pods.add(pod.id);
    const common = { listed, described, startMillis };
    const { runtime } = described.facts;
    const isTrue = runtime !== undefined && RUNTIMES.includes(runtime);
    const container = containerOf(listed, described);
    return [
      ...(isFirst ? [{ ...common, workload: pod, isTrue: true }] : []),
      ...(container === undefined ? [] : [{ ...common, workload: container, isTrue }]),
    ];
  }
}

function containerOf({ id }: Listed, { facts, cgroupsPath }: Described): Workload | undefined {
  const { runtime, podUid } = facts;
  const byPath = parseCgroupPath(cgroupPathOf(cgroupsPath, id));
  if (byPath.containerId !== undefined && byPath.containerId !== id) return undefined;
  return Object.freeze({
    kind: 'container',
    id: byPath.id,
    containerId: id,
    podUid: byPath.podUid ?? podUid,
    engine: byPath.engine,
    // A cgroup that no path tells to be a container's keeps its own rows.
    runtime: runtime === 'runc' && byPath.kind !== 'container' ? undefined : runtime,
  });
}

/** The cgroup of the pod that a sandbox belongs to: whole for any runtime. */
function podOf({ isSandbox }: Listed, { cgroupsPath }: Described): Workload | undefined {
  if (!isSandbox || cgroupsPath === undefined) return undefined;
  const path = cgroupPathOf(cgroupsPath, '');
  const pod = parseCgroupPath(path.slice(0, path.lastIndexOf('/')));
  return pod.kind === 'pod' ? pod : undefined;
}
