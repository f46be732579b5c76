import type { Counter } from '../../component/telemetry.ts';
import type { Batch } from '../../pdata/batch.ts';
import { isEnded, type NumberPoint } from '../../pdata/point.ts';
import type { Labels, Series } from '../../pdata/series.ts';
import { parseCgroupPath } from '../../workload/cgroup-path.ts';
import type { Workload } from '../../workload/workload.ts';
import { type Cores, createCores } from './cores.ts';

/** The newest point of a series. */
interface Row {
  point: NumberPoint;
  /** The collection that delivered it; Infinity for a source on a timer. */
  generation: number;
  /** When it came, in ms of performance.now(). */
  arrived: number;
}

/** What is told of one workload: its rows by metric, then by own labels. */
export interface Usage {
  /** As the path tells it; the observer may know more. */
  readonly workload: Workload;
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, Row>>;
  readonly cores: Cores;
}

/** The newest point of every series of containers and pods that has not ended. */
export interface Store {
  accept(batch: Batch, generation: number): void;
  /** The workloads by the `id` of their rows. */
  readonly usages: ReadonlyMap<string, Usage>;
  /** Forgets the points that came before `since`, in ms of performance.now(). */
  expire(since: number): void;
}

/** What a store is bounded by and tells of. */
export interface StoreOptions {
  readonly maxSeries: number;
  /** Points of a series that stands for the same row as another. */
  readonly duplicates: Counter;
  /** Points for which there was no room. */
  readonly overflow: Counter;
  /** Points of deltas: the CRI has cumulative counters only. */
  readonly deltas: Counter;
  /** Hears of each series that is new. */
  added(series: Series): void;
}

interface Kept extends Usage {
  readonly rows: Map<string, Map<string, Row>>;
}

interface Place {
  readonly row: Row;
  readonly usage: Kept;
  readonly isCpu: boolean;
}

/** The metric that the cores come from. */
export const CPU_SECONDS = 'container_cpu_usage_seconds_total';

/** Makes an empty store. */
export function createStore(options: StoreOptions): Store {
  const usages = new Map<string, Kept>();
  const places = new Map<Series, Place>();
  return { accept, usages, expire };

  function accept(batch: Batch, generation: number): void {
    const stamp = batch.onDemand ? generation : Number.POSITIVE_INFINITY;
    const arrived = performance.now();
    for (const point of batch.points) {
      const place = places.get(point.series);
      if (isEnded(point)) {
        if (place !== undefined) evict(point.series, place);
      } else if (point.kind === 'number' && isCount(point.value)) {
        const known = place ?? add(point, stamp, arrived);
        if (known === undefined || point.time < known.row.point.time) continue;
        Object.assign(known.row, { point, generation: stamp, arrived });
        if (known.isCpu) known.usage.cores.add(point);
      }
    }
  }

  function add(point: NumberPoint, generation: number, arrived: number): Place | undefined {
    const { series } = point;
    const { identity, labels, descriptor } = series;
    const usage = usageOf(identity.id);
    if (usage === undefined) return undefined;
    if (descriptor.temporality === 'delta') {
      options.deltas.add(1);
      return undefined;
    }
    const key = keyOf(labels);
    const rows = usage.rows.get(descriptor.name) ?? new Map<string, Row>();
    if (rows.has(key)) {
      options.duplicates.add(1);
      return undefined;
    }
    if (places.size >= options.maxSeries) {
      options.overflow.add(1);
      return undefined;
    }
    const row: Row = { point, generation, arrived };
    usages.set(usage.workload.id, usage);
    usage.rows.set(descriptor.name, rows.set(key, row));
    const isCpu = descriptor.name === CPU_SECONDS && (labels.cpu ?? 'total') === 'total';
    const place = { row, usage, isCpu };
    places.set(series, place);
    options.added(series);
    return place;
  }

  /** The node and the slices above pods are nothing of the CRI's. */
  function usageOf(id: string | undefined): Kept | undefined {
    const known = usages.get(id ?? '');
    if (known !== undefined || id === undefined) return known;
    const workload = parseCgroupPath(id);
    if (workload.kind === 'node' || workload.kind === 'slice') return undefined;
    return { workload, rows: new Map(), cores: createCores() };
  }

  function evict(series: Series, { usage }: Place): void {
    places.delete(series);
    const { name } = series.descriptor;
    const rows = usage.rows.get(name);
    rows?.delete(keyOf(series.labels));
    if (rows?.size === 0) usage.rows.delete(name);
    if (usage.rows.size === 0) usages.delete(usage.workload.id);
  }

  function expire(since: number): void {
    for (const [series, place] of places) if (place.row.arrived < since) evict(series, place);
  }
}

/** The CRI's numbers have no sign and 64 bits: anything else would wrap. */
function isCount(value: number): boolean {
  return value >= 0 && value < 2 ** 63;
}

function keyOf(labels: Labels): string {
  const names = Object.keys(labels);
  if (names.length === 0) return '';
  return JSON.stringify(names.sort().map((name) => [name, labels[name]]));
}
