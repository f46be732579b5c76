import type { Counter } from '../../component/telemetry.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import { isEnded, type Point } from '../../pdata/point.ts';
import type { Series } from '../../pdata/series.ts';
import { labelText } from './labels.ts';

/** The newest point of a series. */
export interface Entry {
  point: Point;
  /** Bytes of the workload's labels, shared by all of its series. */
  readonly identity: Buffer;
  /** Bytes of the series' own labels; empty without any. */
  readonly own: Buffer;
  /** The collection that delivered it; Infinity for a source on a timer. */
  generation: number;
  /** When it came, in ms of performance.now(). */
  arrived: number;
}

/** The series of one metric. */
export interface Family {
  readonly descriptor: Descriptor;
  readonly entries: Map<Series, Entry>;
}

/** The newest point of every series that has not ended. */
export interface Store {
  /** Takes a batch; rows that another series already stands for are refused and counted. */
  accept(batch: Batch, generation: number): void;
  /** The families by name. */
  families(): Family[];
  /** Forgets the points that came before `since`, in ms of performance.now(). */
  expire(since: number): void;
}

interface Rows extends Family {
  /** Own labels to workload labels to the series that stands for that row. */
  readonly byText: Map<string, Map<string, Series>>;
}

/** Makes an empty store. */
export function createStore(duplicates: Counter): Store {
  const families = new Map<Descriptor, Rows>();
  let sorted: Rows[] = [];
  return { accept, families: () => sorted, expire };

  function accept(batch: Batch, generation: number): void {
    const stamp = batch.onDemand ? generation : Number.POSITIVE_INFINITY;
    const arrived = performance.now();
    for (const point of batch.points) {
      const family = families.get(point.series.descriptor) ?? addFamily(point.series.descriptor);
      const entry = family.entries.get(point.series);
      if (isEnded(point)) {
        if (entry !== undefined) evict(family, point.series);
      } else if (entry === undefined) {
        add(family, point, stamp, arrived);
      } else {
        entry.point = point;
        entry.generation = stamp;
        entry.arrived = arrived;
      }
    }
  }

  function addFamily(descriptor: Descriptor): Rows {
    const family: Rows = { descriptor, entries: new Map(), byText: new Map() };
    families.set(descriptor, family);
    sorted = [...families.values()].sort((a, b) =>
      a.descriptor.name < b.descriptor.name ? -1 : 1,
    );
    return family;
  }

  function add(family: Rows, point: Point, generation: number, arrived: number): void {
    const { series } = point;
    const identity = labelText(series.identity);
    const own = labelText(series.labels);
    const taken = family.byText.get(own.text) ?? new Map<string, Series>();
    if (taken.has(identity.text)) {
      duplicates.add(1);
      return;
    }
    family.byText.set(own.text, taken.set(identity.text, series));
    const bytes = { identity: identity.bytes, own: own.bytes };
    family.entries.set(series, { point, ...bytes, generation, arrived });
  }

  function evict(family: Rows, series: Series): void {
    family.entries.delete(series);
    family.byText.get(labelText(series.labels).text)?.delete(labelText(series.identity).text);
  }

  function expire(since: number): void {
    for (const family of sorted) {
      for (const [series, entry] of family.entries) {
        if (entry.arrived < since) evict(family, series);
      }
    }
  }
}
