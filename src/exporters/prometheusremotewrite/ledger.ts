import type { Counter } from '../../component/telemetry.ts';
import { numberText, type Part, partsOf } from '../../helper/prometheus/parts.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import { isEnded, type NumberPoint, type Point } from '../../pdata/point.ts';
import type { Resource, Series } from '../../pdata/series.ts';
import { createAccounts } from './accounts.ts';
import { blockOf, type LabelFields } from './fields.ts';
import { createRows, type Row, type Sample } from './rows.ts';

/** Turns points into samples that the other side takes: of each row one time after another. */
export interface Ledger {
  /** The samples of a batch: the first of each row, which leads to those behind it. */
  accept(points: readonly Point[]): Sample[];
}

/** Why a point is not sent. */
type Refusal = 'duplicate' | 'overflow' | 'late' | 'delta';

/** What a ledger is made of. */
export interface LedgerSettings {
  readonly fields: LabelFields;
  nameOf(descriptor: Descriptor): string;
  /** The name of the rows that tell of resources; undefined for none. */
  readonly targetName: string | undefined;
  readonly maxRows: number;
  /** Counts points that are not sent. */
  readonly refused: Readonly<Record<Refusal, Counter>>;
  /** Steady, in ms. */
  now(): number;
}

/** A series that is silent for longer is forgotten; Prometheus ends it after five minutes. */
const SILENCE_MILLIS = 10 * 60_000;
const SWEEP_MILLIS = 60_000;
const NUMBER: Part = { suffix: '', value: 0 };

/** What became of a value; `taken` also where it is no news. */
type Said = 'taken' | 'late';

/** Makes one that knows of nothing. */
export function createLedger(settings: LedgerSettings): Ledger {
  const { fields, nameOf, targetName, refused } = settings;
  const rows = createRows(settings.maxRows);
  const accounts = createAccounts();
  let now = settings.now();
  let sweptAt = now;
  let batch = 0;
  let samples: Sample[] = [];
  /** Rows that lost their owner in this batch. */
  let ending = new Map<Row, { readonly time: number; readonly isPoint: boolean }>();
  return { accept };

  function accept(points: readonly Point[]): Sample[] {
    now = settings.now();
    batch++;
    samples = [];
    ending = new Map();
    const times = new Map<Resource, number>();
    const isAhead = closeAhead(points);
    for (const point of points) {
      const { series, time } = point;
      if (isEnded(point)) {
        if (!isAhead(series)) release(accounts.close(series), time);
      } else if (speak(point) && time > (times.get(series.resource) ?? 0)) {
        times.set(series.resource, time);
      }
    }
    for (const [resource, time] of times) tellOf(resource, time);
    for (const [row, { time, isPoint }] of ending) end(row, time, isPoint);
    if (now - sweptAt > SWEEP_MILLIS) sweep();
    return samples;
  }

  /**
   * Closes the series that do nothing but end in this batch, before any other may go on with their
   * labels, as what was restarted does. Of a batch of several passes a series may speak and then end.
   */
  function closeAhead(points: readonly Point[]): (series: Series) => boolean {
    const ended = points.filter(isEnded);
    if (ended.length === 0) return () => false;
    const speaking = new Set<Series>();
    for (const point of points) if (!isEnded(point)) speaking.add(point.series);
    for (const { series, time } of ended) {
      if (!speaking.has(series)) release(accounts.close(series), time);
    }
    return (series) => !speaking.has(series);
  }

  /** Takes a point or refuses it as a whole; true where its series has its rows. */
  function speak(point: Point): boolean {
    const { series } = point;
    if (series.descriptor.temporality === 'delta') return refuse('delta');
    const result = point.kind === 'number' ? speakNumber(point) : speakParts(point);
    if (result === 'late') refuse(result);
    return result !== undefined;
  }

  function speakNumber({ series, time, value }: NumberPoint): Said | undefined {
    let row = accounts.of(series) as Row | undefined;
    if (row === undefined) {
      row = claim(series, NUMBER);
      if (row === undefined) return undefined;
      accounts.open(series, row);
    }
    return say(row, time, value, true);
  }

  function speakParts(point: Exclude<Point, NumberPoint>): Said | undefined {
    const { series, time } = point;
    const known = accounts.of(series) as Map<string, Row> | undefined;
    const account = known ?? new Map<string, Row>();
    const said = new Map<Row, number>();
    for (const part of partsOf(point)) {
      const key = `${part.suffix} ${part.bound?.[1]}`;
      const row = account.get(key) ?? claim(series, part);
      if (row === undefined) return undefined;
      account.set(key, row);
      said.set(row, part.value);
    }
    if (known === undefined) accounts.open(series, account);
    const results = [...said].map(([row, value], i) => say(row, time, value, i === 0));
    // Buckets and quantiles that the series no longer has.
    for (const [key, row] of account) {
      if (said.has(row)) continue;
      account.delete(key);
      release([row], time, false);
    }
    return results.includes('late') ? 'late' : 'taken';
  }

  /** The row of a part; undefined, and counted, where it cannot be had. */
  function claim(series: Series, { suffix, bound }: Part): Row | undefined {
    const name = `${nameOf(series.descriptor)}${suffix}`;
    const extra = bound && ([bound[0], numberText(bound[1])] as const);
    const row = rows.claim(series, blockOf(name, fields.ofSeries(series), extra), now);
    if (typeof row !== 'string') return row;
    refuse(row);
    return undefined;
  }

  function refuse(reason: Refusal): false {
    refused[reason].add(1);
    return false;
  }

  /** What a source repeats because it was not read anew is no news. */
  function say(row: Row, time: number, value: number, isPoint: boolean): Said {
    const millis = Math.round(time);
    const { last } = row;
    row.heardAt = now;
    if (last === undefined || millis > last.millis) {
      put(row, millis, value, isPoint);
      return 'taken';
    }
    return millis === last.millis && Object.is(value, last.value) ? 'taken' : 'late';
  }

  /** The row that tells of a resource, as the Collector has it; none where another has the same. */
  function tellOf(resource: Resource, time: number): void {
    if (targetName === undefined) return;
    let row = accounts.of(resource) as Row | undefined;
    if (row === undefined) {
      const target = fields.ofTarget(resource);
      const claimed = target && rows.claim(resource, blockOf(targetName, target), now);
      if (claimed === undefined || typeof claimed === 'string') return;
      row = claimed;
      accounts.openResource(resource, row);
    }
    say(row, time, 1, false);
  }

  function release(owned: readonly Row[], time: number, isPoint = true): void {
    for (const [i, row] of owned.entries()) {
      row.owner = undefined;
      ending.set(row, { time, isPoint: isPoint && i === 0 });
    }
  }

  /** Ends a row at its owner's time, unless another owner goes on with it. */
  function end(row: Row, time: number, isPoint: boolean): void {
    const { owner, last } = row;
    if (owner !== undefined || last?.value === undefined) return;
    put(row, Math.max(Math.round(time), last.millis + 1), undefined, isPoint);
  }

  function put(row: Row, millis: number, value: number | undefined, isPoint: boolean): void {
    const points = isPoint ? 1 : 0;
    const sample: Sample = { row, millis, value, points, batch, next: undefined };
    if (row.last?.batch === batch) row.last.next = sample;
    else samples.push(sample);
    row.last = sample;
  }

  function sweep(): void {
    sweptAt = now;
    for (const owner of rows.expire(now - SILENCE_MILLIS)) {
      if ('descriptor' in owner) accounts.close(owner as Series);
    }
  }
}
