import type { Counter } from '../../component/telemetry.ts';
import { escapeName } from '../../helper/prometheus/names.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import { isEnded, type Point } from '../../pdata/point.ts';
import type { Series } from '../../pdata/series.ts';
import { createLabelTexts, type LabelText, type LabelTexts } from './labels.ts';

/** The newest point of a series. */
export interface Entry {
  point: Point;
  /** The workload's labels, shared by all of its series. */
  readonly identity: LabelText;
  /** The series' own labels; empty without any. */
  readonly own: LabelText;
  /** The collection that delivered it; Infinity for a source on a timer. */
  generation: number;
  /** When it came, in ms of performance.now(). */
  arrived: number;
}

/** The series of one metric. */
export interface Family {
  /** As printed, where its letters may be. */
  readonly name: string;
  readonly descriptor: Descriptor;
  readonly entries: Map<Series, Entry>;
}

/** The newest point of every series that has not ended. */
export interface Store {
  /** Takes a batch; what another series already stands for, or has no room, is refused. */
  accept(batch: Batch, generation: number): void;
  /** The families by name. */
  families(): Family[];
  /** Forgets the points that came before `since`, in ms of performance.now(). */
  expire(since: number): void;
}

/** How a store names and bounds, and what it tells of. */
export interface StoreOptions {
  readonly maxSeries?: number;
  readonly labels?: LabelTexts;
  readonly nameOf?: (descriptor: Descriptor) => string;
  /** Points for which there was no room. */
  readonly overflow?: Counter;
  /** Points of a metric whose name another of another type has. */
  readonly conflicts?: Counter;
  /** Points of deltas, which no scraper could add up. */
  readonly deltas?: Counter;
}

interface Rows extends Family {
  /** Own labels to workload labels to the series that stands for that row. */
  readonly byText: Map<string, Map<string, Series>>;
}

/** Makes an empty store. */
export function createStore(duplicates: Counter, options: StoreOptions = {}): Store {
  const { maxSeries = Number.POSITIVE_INFINITY, nameOf = ({ name }) => name } = options;
  const labels = options.labels ?? createLabelTexts();
  const families = new Map<Descriptor, Rows | undefined>();
  let sorted: Rows[] = [];
  let size = 0;
  return { accept, families: () => sorted, expire };

  function accept(batch: Batch, generation: number): void {
    const stamp = batch.onDemand ? generation : Number.POSITIVE_INFINITY;
    const arrived = performance.now();
    for (const point of batch.points) {
      const { descriptor } = point.series;
      const family = familyOf(descriptor);
      if (family === undefined) {
        (isDelta(descriptor) ? options.deltas : options.conflicts)?.add(1);
        continue;
      }
      const entry = family.entries.get(point.series);
      if (isEnded(point)) {
        if (entry !== undefined) evict(family, point.series, entry);
      } else if (entry === undefined) {
        add(family, point, stamp, arrived);
      } else {
        entry.point = point;
        entry.generation = stamp;
        entry.arrived = arrived;
      }
    }
  }

  /** Undefined for a delta, and when another type of metric has the name. */
  function familyOf(descriptor: Descriptor): Rows | undefined {
    const known = families.get(descriptor);
    if (known !== undefined || families.has(descriptor)) return known;
    if (isDelta(descriptor)) return undefined;
    const name = nameOf(descriptor);
    const legacy = escapeName(name);
    const same = sorted.find((family) => escapeName(family.name) === legacy);
    const made: Rows = same ?? { name, descriptor, entries: new Map(), byText: new Map() };
    const fits = sameType(made.descriptor, descriptor);
    families.set(descriptor, fits ? made : undefined);
    if (same === undefined) sorted = [...sorted, made].sort((a, b) => (a.name < b.name ? -1 : 1));
    return fits ? made : undefined;
  }

  function add(family: Rows, point: Point, generation: number, arrived: number): void {
    const { series } = point;
    const identity = labels.shared(series);
    const own = labels.own(series.labels);
    const taken = family.byText.get(own.text) ?? new Map<string, Series>();
    if (taken.has(identity.text)) {
      duplicates.add(1);
      return;
    }
    if (size >= maxSeries) {
      options.overflow?.add(1);
      return;
    }
    size++;
    family.byText.set(own.text, taken.set(identity.text, series));
    family.entries.set(series, { point, identity, own, generation, arrived });
  }

  function evict(family: Rows, series: Series, { own, identity }: Entry): void {
    if (!family.entries.delete(series)) return;
    size--;
    const taken = family.byText.get(own.text);
    taken?.delete(identity.text);
    if (taken?.size === 0) family.byText.delete(own.text);
  }

  function expire(since: number): void {
    for (const family of sorted) {
      for (const [series, entry] of family.entries) {
        if (entry.arrived < since) evict(family, series, entry);
      }
    }
  }
}

function isDelta({ temporality }: Descriptor): boolean {
  return temporality === 'delta';
}

function sameType(one: Descriptor, other: Descriptor): boolean {
  return one.type === other.type && one.monotonic === other.monotonic;
}
