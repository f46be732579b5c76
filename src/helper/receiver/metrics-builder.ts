import type { Counter } from '../../component/telemetry.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import {
  endedPoint,
  type HistogramPoint,
  numberPoint,
  type Point,
  type SummaryPoint,
} from '../../pdata/point.ts';
import { createSeries, type Labels, type Resource, type Series } from '../../pdata/series.ts';

/** A series that a source can give for each of its workloads. */
export interface SeriesTemplate {
  readonly descriptor: Descriptor;
  readonly labels: Labels;
}

/** Records the values of one workload from one source; `slot` is an index into the templates. */
export interface Recorder {
  /** `readAt` is when the value was read, in ms, if not now: for one slot it never goes back. */
  record(slot: number, value: number | undefined, readAt?: number): void;
  /** Records a histogram or a summary into a slot whose descriptor is of that type. */
  recordDistribution(slot: number, distribution: Distribution): void;
}

/** What a histogram or a summary point holds beside its series and times. */
export type Distribution =
  | Omit<HistogramPoint, 'series' | 'start' | 'time' | 'flags'>
  | Omit<SummaryPoint, 'series' | 'start' | 'time' | 'flags'>;

/** Turns the values of a source's passes into points and finds the series that ended. */
export interface MetricsBuilder {
  /** Starts a pass; the time never goes back, whatever the clock does. */
  begin(now: number): void;
  /** Moves the time of what is recorded from here on, for sources that answer one after another. */
  at(now: number): void;
  /**
   * Makes a recorder for one life of a workload: a new life (new inode, new start) takes a new
   * recorder. `startMillis` is when the source began to count. `labels` stand in for those of the
   * templates where they are known at run time only, such as an interface's name.
   */
  recorder(
    templates: readonly SeriesTemplate[],
    identity: Labels,
    startMillis: number,
    labels?: Labels,
  ): Recorder;
  /**
   * The workload is gone: its series end with this pass. Gives when it was last read, in ms, or its
   * start: what takes its place began no earlier.
   */
  drop(recorder: Recorder): number;
  /** Ends the pass: its points, with one NoRecordedValue for each series that gave none. */
  finish(): Point[];
}

interface Life extends Recorder {
  readonly lastAt: number;
  collectEnded(points: Point[]): void;
}

/** Makes a builder; values that may not leave are counted in `dropped`. */
export function createMetricsBuilder(resource: Resource, dropped: Counter): MetricsBuilder {
  const lives = new Set<Life>();
  let gone: Life[] = [];
  let points: Point[] = [];
  let time = 0;
  let pass = 0;
  return { begin, at, recorder, drop, finish };

  function begin(now: number): void {
    at(now);
    points = [];
    pass++;
  }

  function at(now: number): void {
    time = Math.max(time, now);
  }

  function finish(): Point[] {
    const ended: Point[] = [];
    for (const life of gone) life.collectEnded(ended);
    for (const life of lives) life.collectEnded(ended);
    gone = [];
    return ended.length === 0 ? points : ended.concat(points);
  }

  function drop(recorder: Recorder): number {
    const life = recorder as Life;
    if (lives.delete(life)) gone.push(life);
    return life.lastAt;
  }

  function recorder(
    templates: readonly SeriesTemplate[],
    identity: Labels,
    start: number,
    own?: Labels,
  ): Recorder {
    const series: (Series | undefined)[] = new Array(templates.length).fill(undefined);
    const last = new Float64Array(templates.length);
    const seen = new Float64Array(templates.length);
    let lastAt = start;
    const life: Life = {
      get lastAt() {
        return lastAt;
      },
      ...{ record, recordDistribution, collectEnded },
    };
    lives.add(life);
    return life;

    function record(slot: number, value: number | undefined, readAt = time): void {
      if (value === undefined) return;
      series[slot] ??= make(slot);
      const known = series[slot] as Series;
      const { monotonic } = known.descriptor;
      const isBack = monotonic && value < (last[slot] as number);
      if (isBack || !(value >= 0 && value < Number.POSITIVE_INFINITY)) {
        dropped.add(1);
        return;
      }
      last[slot] = value;
      seen[slot] = pass;
      lastAt = readAt;
      points.push(numberPoint(known, monotonic ? start : 0, readAt, value));
    }

    /** The guard looks at the count, which goes back only when the source began anew. */
    function recordDistribution(slot: number, distribution: Distribution): void {
      series[slot] ??= make(slot);
      const { count } = distribution;
      if (!(count >= (last[slot] as number) && Number.isFinite(distribution.sum))) {
        dropped.add(1);
        return;
      }
      last[slot] = count;
      seen[slot] = pass;
      lastAt = time;
      points.push({ series: series[slot] as Series, start, time, flags: 0, ...distribution });
    }

    function make(slot: number): Series {
      const { descriptor, labels } = templates[slot] as SeriesTemplate;
      return createSeries(descriptor, identity, own ?? labels, resource);
    }

    function collectEnded(ended: Point[]): void {
      for (let slot = 0; slot < series.length; slot++) {
        if (seen[slot] === 0 || seen[slot] === pass) continue;
        seen[slot] = 0;
        ended.push(endedPoint(series[slot] as Series, time));
      }
    }
  }
}
