import type { Descriptor } from '../descriptor.ts';
import { isEnded, type Point } from '../point.ts';
import type { Resource } from '../series.ts';

/** No point, no group: the end of a chain. */
export const NONE = -1;

/** What a point brings that its request does not have yet. */
export type News = 'nothing' | 'metric' | 'resource';

/**
 * The points of a request by resource and metric, as chains of indices: a resource to its groups, a
 * group (one metric of one resource) to its points, each in the order in which they came.
 */
export interface Chains {
  readonly points: readonly Point[];
  readonly resources: Map<Resource, number>;
  readonly metrics: Map<Descriptor, number>;
  /** The group of each metric in the resource at hand, valid where its stamp is that resource's. */
  readonly groupOf: number[];
  readonly stamps: number[];
  groups: number;
  resource: Resource | undefined;
  resourceAt: number;
  metricAt: number;
  groupAt: number;
  stamp: number;
}

/** Kept between calls: fresh arrays of this size would be most of the garbage of an encoding. */
function createLinks(size: number) {
  const links = () => new Int32Array(size);
  return {
    ...{ size, pointBytes: links(), nextPoint: links() },
    ...{ firstPoint: links(), lastPoint: links(), groupBytes: links() },
    ...{ metric: links(), nextGroup: links(), firstGroup: links(), lastGroup: links() },
  };
}
let kept = createLinks(1024);

/** The links of the chains that were made last; one request is encoded at a time. */
export function links(): Readonly<ReturnType<typeof createLinks>> {
  return kept;
}

/** Starts with no point in any chain. */
export function createChains(points: readonly Point[]): Chains {
  if (kept.size < points.length) kept = createLinks(points.length * 2);
  return {
    ...{ points, resources: new Map(), metrics: new Map(), groupOf: [], stamps: [] },
    ...{
      groups: 0,
      resource: undefined,
      resourceAt: NONE,
      metricAt: NONE,
      groupAt: NONE,
      stamp: 0,
    },
  };
}

/** A new request begins. */
export function clearChains(chains: Chains): void {
  chains.resources.clear();
  chains.resource = undefined;
  chains.groups = 0;
}

/** Finds the place of a point, which `append` then takes. */
export function findPlace(chains: Chains, point: Point): News {
  const { resource, descriptor } = point.series;
  const isNewResource = resource !== chains.resource && enterResource(chains, resource);
  let metric = chains.metrics.get(descriptor);
  if (metric === undefined) {
    metric = chains.metrics.size;
    chains.metrics.set(descriptor, metric);
    chains.stamps[metric] = NONE;
  }
  chains.metricAt = metric;
  // The end of a series stands in a metric of its own: the Collector's prometheus exporter reads a
  // metric no further than its first point without a value.
  const isKnown = chains.stamps[metric] === chains.stamp && !isEnded(point);
  chains.groupAt = isKnown ? (chains.groupOf[metric] as number) : NONE;
  if (isKnown) return 'nothing';
  return isNewResource ? 'resource' : 'metric';
}

/** Adds the point whose place was just found, by its index and the bytes that it takes. */
export function append(chains: Chains, index: number, bytes: number, fieldBytes: number): void {
  const group = chains.groupAt === NONE ? openGroup(chains, index) : chains.groupAt;
  if (chains.groupAt !== NONE) {
    kept.nextPoint[kept.lastPoint[group] as number] = index;
  }
  kept.lastPoint[group] = index;
  kept.nextPoint[index] = NONE;
  kept.pointBytes[index] = bytes;
  (kept.groupBytes[group] as number) += fieldBytes;
}

function openGroup(chains: Chains, index: number): number {
  const group = chains.groups++;
  kept.firstPoint[group] = index;
  kept.groupBytes[group] = 0;
  kept.metric[group] = chains.metricAt;
  kept.nextGroup[group] = NONE;
  const { resourceAt } = chains;
  if (kept.firstGroup[resourceAt] === NONE) kept.firstGroup[resourceAt] = group;
  else kept.nextGroup[kept.lastGroup[resourceAt] as number] = group;
  kept.lastGroup[resourceAt] = group;
  if (!isEnded(chains.points[index] as Point)) stampGroup(chains, group);
  return group;
}

/** Makes a resource the one at hand; tells whether the request has it for the first time. */
function enterResource(chains: Chains, resource: Resource): boolean {
  const known = chains.resources.get(resource);
  chains.resource = resource;
  chains.stamp++;
  if (known === undefined) {
    chains.resourceAt = chains.resources.size;
    chains.resources.set(resource, chains.resourceAt);
    kept.firstGroup[chains.resourceAt] = NONE;
    return true;
  }
  chains.resourceAt = known;
  for (let at = kept.firstGroup[known] as number; at !== NONE; at = kept.nextGroup[at] as number) {
    const first = chains.points[kept.firstPoint[at] as number] as Point;
    if (!isEnded(first)) stampGroup(chains, at);
  }
  return false;
}

function stampGroup(chains: Chains, group: number): void {
  const metric = kept.metric[group] as number;
  chains.groupOf[metric] = group;
  chains.stamps[metric] = chains.stamp;
}
