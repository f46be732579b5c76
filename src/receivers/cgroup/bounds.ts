import { parseCgroupPath } from '../../workload/cgroup-path.ts';

/** Holds the number of cgroups that are looked at: a tenant may make as many as it likes. */
export interface Bounds {
  /** False when there are too many of its kind: the cgroup and all below it are left out. */
  mayAdd(path: string): boolean;
  added(path: string): void;
  removed(path: string): void;
}

/** A node runs a thousand containers; a container with an init of its own has some dozens inside. */
export const MAX_CGROUPS = 50_000;
export const MAX_INSIDE_CONTAINER = 256;

/** Counts all cgroups, and those inside of each container apart: no tenant takes another's room. */
export function createBounds(): Bounds {
  const inside = new Map<string, number>();
  let total = 0;
  return {
    mayAdd(path) {
      const container = containerAbove(path);
      if (container === undefined) return total < MAX_CGROUPS;
      return (inside.get(container) ?? 0) < MAX_INSIDE_CONTAINER;
    },
    added: (path) => count(path, 1),
    removed: (path) => count(path, -1),
  };

  function count(path: string, change: number): void {
    const container = containerAbove(path);
    if (container === undefined) {
      total += change;
      return;
    }
    const left = (inside.get(container) ?? 0) + change;
    if (left > 0) inside.set(container, left);
    else inside.delete(container);
  }
}

function containerAbove(path: string): string | undefined {
  for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
    const above = path.slice(0, end);
    if (parseCgroupPath(above).kind === 'container') return above;
  }
  return undefined;
}
