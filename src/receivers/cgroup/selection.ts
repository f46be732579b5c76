import { isKubepods, sandboxOf } from '../../workload/cgroup-path.ts';
import type { Runtime, Workload } from '../../workload/workload.ts';
import type { Config } from './config.ts';
import type { Member } from './member.ts';
import type { CgroupNode } from './tree.ts';

/** Which cgroups give rows beside pods and containers. */
type RawMode = 'all' | 'kubelet' | 'none';

/** Decides which cgroups give rows. */
export interface Selection {
  /** Looks at the tree before a pass: with `raw_cgroups: auto`, whether the kubelet's is there. */
  begin(root: CgroupNode): void;
  /** By kind and path; cheap, and asked before anything of the cgroup is opened. */
  hasPath(workload: Workload): boolean;
  /** By runtime, once the cgroup's names are known. */
  hasRuntime(member: Member): boolean;
}

/**
 * Makes the selection that the options ask for; `memberOf` gives the children of a pod, identified if
 * they can be.
 */
export function createSelection(
  config: Config,
  memberOf: (node: CgroupNode) => Member | undefined,
): Selection {
  const { include, exclude, runtimes, raw_units: units } = config;
  const isRestricted = runtimes.include.length + runtimes.exclude.length > 0;
  let mode: RawMode = 'all';
  return { begin, hasPath, hasRuntime };

  function begin(root: CgroupNode): void {
    mode = rawMode(config, root);
  }

  function hasPath(workload: Workload): boolean {
    const { id } = workload;
    return (
      isOfMode(workload, mode, units) &&
      (include.length === 0 || include.some((glob) => glob.matches(id))) &&
      !exclude.some((glob) => glob.matches(id))
    );
  }

  function hasRuntime(member: Member): boolean {
    if (!isRestricted) return true;
    switch (member.workload.kind) {
      case 'container':
        return isWanted(runtimeOf(member));
      case 'pod': {
        const runtimes = [...member.node.children.values()].map(memberOf).map(runtimeInPod);
        return runtimes.some((runtime) => runtime !== undefined && isWanted(runtime));
      }
      default:
        return runtimes.include.length === 0;
    }
  }

  function isWanted(runtime: Runtime): boolean {
    const isIncluded = runtimes.include.length === 0 || runtimes.include.includes(runtime);
    return isIncluded && !runtimes.exclude.includes(runtime);
  }
}

/** Of a pod's child; undefined while nobody knows. What bears a sandbox' id and is no container is Kata's. */
function runtimeInPod(child: Member | undefined): Runtime | undefined {
  if (child?.workload.kind === 'container') return child.identity && runtimeOf(child);
  return sandboxOf(child?.workload.id ?? '') === undefined ? undefined : 'kata';
}

/** A container whose runtime nobody tells runs as processes of the host, as runc's do. */
function runtimeOf(member: Member): Runtime {
  return member.facts()?.runtime ?? 'runc';
}

function rawMode(config: Config, root: CgroupNode): RawMode {
  if (config.raw_cgroups !== 'auto') return config.raw_cgroups;
  const below = [...root.children.values()];
  const nodes = below.concat(below.flatMap((child) => [...child.children.values()]));
  return nodes.some((node) => isKubepods(node.path)) ? 'kubelet' : 'all';
}

function isOfMode(workload: Workload, mode: RawMode, units: readonly string[]): boolean {
  switch (workload.kind) {
    case 'container':
    case 'pod':
      return true;
    case 'cgroup':
      if (mode !== 'kubelet') return mode === 'all';
      return units.includes(workload.id.slice(workload.id.lastIndexOf('/') + 1));
    default:
      return mode !== 'none';
  }
}
