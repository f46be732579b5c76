import { isKubepods } from '../../workload/cgroup-path.ts';
import type { Workload } from '../../workload/workload.ts';
import type { Config } from './config.ts';
import type { CgroupNode } from './tree.ts';

/** Which cgroups give rows beside pods and containers. */
export type RawMode = 'all' | 'kubelet' | 'none';

/** What `raw_cgroups` means on this host now: with `auto`, whether the kubelet's tree exists. */
export function rawMode(config: Config, root: CgroupNode): RawMode {
  if (config.raw_cgroups !== 'auto') return config.raw_cgroups;
  const below = [...root.children.values()];
  const nodes = below.concat(below.flatMap((child) => [...child.children.values()]));
  return nodes.some((node) => isKubepods(node.path)) ? 'kubelet' : 'all';
}

/** True when a cgroup gives rows under a raw mode. */
export function isSelected(workload: Workload, mode: RawMode, units: readonly string[]): boolean {
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

/** crun puts a container's processes into a child named `container`: the scope reports for it. */
export function isPartOfParent(workload: Workload, parent: Workload): boolean {
  return parent.kind === 'container' && workload.id === `${parent.id}/container`;
}
