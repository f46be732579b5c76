import type {
  Distribution,
  MetricsBuilder,
  Recorder,
  SeriesTemplate,
} from '../../helper/receiver/metrics-builder.ts';
import type { Labels } from '../../pdata/series.ts';
import type { Assembled } from '../../platform/kata/assemble.ts';
import type { Head } from '../../platform/kata/head.ts';

/** What the rows of a head become. */
export interface Described extends SeriesTemplate {
  /** Undefined gives no point. */
  convert(value: number): number | undefined;
}

/** Says what the rows of a head become; undefined is not emitted. */
export type DescribeHead = (head: Head) => Described | undefined;

/**
 * The series of one sandbox. Which there are is known from its text alone, so they are made as rows
 * come; each head is looked at once. Of two rows of one series in a pass the first stands.
 */
export interface SeriesBook {
  /** Records rows; heads that `describe` has no word for are left out, for good. */
  record(rows: Assembled, describe: DescribeHead): void;
  /** True when the pass has a value for the series of a head, or it is not wanted. */
  has(head: Head, describe: DescribeHead): boolean;
  /** Starts a pass. */
  begin(): void;
  /** Ends all series. */
  close(): void;
}

interface Slot {
  recorder: Recorder | undefined;
  index: number;
  pass: number;
  readonly kind: 'number' | Distribution['kind'];
  readonly template: SeriesTemplate;
}

interface Entry {
  readonly slot: Slot;
  convert(value: number): number | undefined;
}

type Value = number | Distribution;

/** A guest may give its rows other labels each time: beyond this many dead ones all begin anew. */
const MAX_DEAD = 2000;

/** Makes an empty book. */
export function createSeriesBook(
  builder: MetricsBuilder,
  identity: Labels,
  startMillis: number,
): SeriesBook {
  let entries = new WeakMap<Head, Entry | 'none'>();
  let recorders: Recorder[] = [];
  const slots = new Map<string, Slot>();
  let pass = 0;
  let live = 0;
  return { record, has, begin, close };

  function begin(): void {
    if (slots.size > 2 * live + MAX_DEAD) close();
    pass++;
    live = 0;
  }

  function close(): void {
    for (const recorder of recorders) builder.drop(recorder);
    recorders = [];
    slots.clear();
    entries = new WeakMap();
  }

  function record({ numbers, distributions }: Assembled, describe: DescribeHead): void {
    const made: Slot[] = [];
    const waiting: (readonly [Slot, Value])[] = [];
    for (const { head, value } of numbers) take(entryOf(head, describe, made), value, waiting);
    for (const { head, distribution } of distributions) {
      take(entryOf(head, describe, made), distribution, waiting);
    }
    open(made);
    for (const [slot, value] of waiting) write(slot, value);
  }

  /** Writes at once where the series is there, else as soon as those of this scrape are made. */
  function take(entry: Entry | undefined, value: Value, waiting: (readonly [Slot, Value])[]): void {
    if (entry === undefined || entry.slot.pass === pass) return;
    const { slot } = entry;
    const isNumber = typeof value === 'number';
    if (slot.kind !== (isNumber ? 'number' : value.kind)) return;
    const converted = isNumber ? entry.convert(value) : value;
    if (converted === undefined) return;
    slot.pass = pass;
    live++;
    if (slot.recorder === undefined) waiting.push([slot, converted]);
    else write(slot, converted);
  }

  function entryOf(head: Head, describe: DescribeHead, made: Slot[]): Entry | undefined {
    const known = entries.get(head);
    if (known !== undefined) return known === 'none' ? undefined : known;
    const described = describe(head);
    if (described === undefined) {
      entries.set(head, 'none');
      return undefined;
    }
    const key = keyOf(described);
    let slot = slots.get(key);
    if (slot === undefined) {
      const { type } = described.descriptor;
      const kind = type === 'histogram' || type === 'summary' ? type : 'number';
      slot = { recorder: undefined, index: 0, pass: 0, kind, template: described };
      slots.set(key, slot);
      made.push(slot);
    }
    const entry = { slot, convert: described.convert };
    entries.set(head, entry);
    return entry;
  }

  function open(made: readonly Slot[]): void {
    if (made.length === 0) return;
    const templates = made.map(({ template }) => template);
    const recorder = builder.recorder(templates, identity, startMillis);
    recorders.push(recorder);
    for (const [index, slot] of made.entries()) Object.assign(slot, { recorder, index });
  }

  function has(head: Head, describe: DescribeHead): boolean {
    const known = entries.get(head);
    if (known === 'none') return true;
    if (known !== undefined) return known.slot.pass === pass;
    const described = describe(head);
    if (described === undefined) return true;
    return slots.get(keyOf(described))?.pass === pass;
  }
}

function write({ recorder, index }: Slot, value: Value): void {
  if (typeof value === 'number') recorder?.record(index, value);
  else recorder?.recordDistribution(index, value);
}

function keyOf({ descriptor, labels }: SeriesTemplate): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([descriptor.name, pairs]);
}
