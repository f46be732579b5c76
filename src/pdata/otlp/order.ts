import type { Descriptor } from '../descriptor.ts';
import { isEnded, type Point } from '../point.ts';
import type { Resource } from '../series.ts';

/** Brings points of one resource and of one metric together, without an object for each group. */
export interface PointOrder {
  /** Takes the next point by its index; tells what of it is new since the last restart. */
  add(index: number): 'none' | 'metric' | 'resource';
  /** A new request begins: nothing has been seen. */
  restart(): void;
  /**
   * Indices of [from, to), by resource and metric, each in the order of its first point. Valid until
   * the next call.
   */
  sorted(from: number, to: number): Uint32Array;
  isSameMetric(a: number, b: number): boolean;
  isSameResource(a: number, b: number): boolean;
}

/** More metrics and ends than a request has; a key is resource times this plus metric. */
const METRICS = 2 ** 20;

/** Kept between calls: fresh arrays of this size would be most of the garbage of an encoding. */
let keys = new Float64Array(1024);
let groups = new Uint32Array(1024);
let indices = new Uint32Array(1024);

/** Starts with nothing seen. One order is in use at a time. */
export function createPointOrder(points: readonly Point[]): PointOrder {
  if (keys.length < points.length) {
    keys = new Float64Array(points.length * 2);
    groups = new Uint32Array(points.length * 2);
    indices = new Uint32Array(points.length * 2);
  }
  const resources = new Map<Resource, number>();
  const metrics = new Map<Descriptor, number>();
  /** Groups of the request by key, numbered as they come. */
  const seen = new Map<number, number>();
  const seenResources = new Set<number>();
  let lastKey = -1;
  let lastGroup = 0;
  let lastResource: Resource | undefined;
  let resourceIndex = 0;
  let ends = 0;
  return { add, restart, sorted, isSameMetric, isSameResource };

  function restart(): void {
    seen.clear();
    seenResources.clear();
    lastKey = -1;
  }

  function isSameMetric(a: number, b: number): boolean {
    return keys[a] === keys[b];
  }

  function isSameResource(a: number, b: number): boolean {
    return resourceOf(a) === resourceOf(b);
  }

  function resourceOf(index: number): number {
    return Math.floor((keys[index] as number) / METRICS);
  }

  function add(index: number): 'none' | 'metric' | 'resource' {
    const point = points[index] as Point;
    const { resource, descriptor } = point.series;
    if (resource !== lastResource) {
      lastResource = resource;
      resourceIndex = indexIn(resources, resource);
    }
    const metricIndex = isEnded(point) ? endIndex() : indexIn(metrics, descriptor);
    const key = resourceIndex * METRICS + metricIndex;
    keys[index] = key;
    if (key !== lastKey) {
      lastKey = key;
      const known = seen.get(key);
      if (known === undefined) {
        lastGroup = seen.size;
        seen.set(key, lastGroup);
        groups[index] = lastGroup;
        if (seenResources.has(resourceIndex)) return 'metric';
        seenResources.add(resourceIndex);
        return 'resource';
      }
      lastGroup = known;
    }
    groups[index] = lastGroup;
    return 'none';
  }

  /**
   * The end of a series stands in a metric of its own: the Collector's prometheus exporter reads a
   * metric no further than its first point without a value.
   */
  function endIndex(): number {
    ends = (ends + 1) % (METRICS / 2);
    return METRICS - 1 - ends;
  }

  /** Counts the points of each group, then puts each where its group begins. */
  function sorted(from: number, to: number): Uint32Array {
    const places = new Uint32Array(seen.size);
    for (let i = from; i < to; i++) (places[groups[i] as number] as number)++;
    let place = 0;
    for (const [, group] of [...seen].sort(([a], [b]) => a - b)) {
      const count = places[group] as number;
      places[group] = place;
      place += count;
    }
    for (let i = from; i < to; i++) {
      const group = groups[i] as number;
      indices[places[group] as number] = i;
      (places[group] as number)++;
    }
    return indices.subarray(0, to - from);
  }
}

function indexIn<T>(map: Map<T, number>, item: T): number {
  let index = map.get(item);
  if (index === undefined) {
    index = map.size;
    map.set(item, index);
  }
  return index;
}
