import { overheadSandboxOf, sandboxOf } from '../../workload/cgroup-path.ts';
import type { Member } from './member.ts';

/** The cgroups outside of a pod's slice that hold a part of the pod: the VMM and the shim of a sandbox. */
export interface Overheads {
  added(member: Member): void;
  removed(member: Member): void;
  /** Those of a pod. One that was found stays the pod's for as long as both live. */
  of(pod: Member): ReadonlySet<Member>;
}

const NONE: ReadonlySet<Member> = new Set();

/** Joins both sides by the id of the sandbox, which a child of the pod's slice bears too. */
export function createOverheads(): Overheads {
  const bySandbox = new Map<string, Member>();
  const byPod = new Map<Member, Set<Member>>();
  return { added, removed, of };

  function added(member: Member): void {
    const sandbox = overheadSandboxOf(member.workload.id);
    if (sandbox !== undefined) bySandbox.set(sandbox, member);
  }

  function removed(member: Member): void {
    byPod.delete(member);
    const sandbox = overheadSandboxOf(member.workload.id);
    if (sandbox === undefined) return;
    if (bySandbox.get(sandbox) === member) bySandbox.delete(sandbox);
    for (const own of byPod.values()) own.delete(member);
  }

  function of(pod: Member): ReadonlySet<Member> {
    if (bySandbox.size === 0) return NONE;
    const own = byPod.get(pod) ?? new Set<Member>();
    for (const { path } of pod.node.children.values()) {
      const overhead = bySandbox.get(sandboxOf(path) ?? '');
      if (overhead !== undefined) byPod.set(pod, own.add(overhead));
    }
    return own;
  }
}
