import type { NumberPoint, Point } from '../../pdata/point.ts';
import type { Series } from '../../pdata/series.ts';

/** What is done with the series of one metric. */
export interface Plan {
  readonly samples: number;
  /** Makes the point that stands for a window with at least one sample. */
  readonly aggregate: (window: Window) => NumberPoint;
  /** True for a value that only grows from its start time on. */
  readonly isCumulative: boolean;
  readonly isInt: boolean;
  /** True for a value since the last point: each is handed on as it is, as none may be lost. */
  readonly isDelta: boolean;
  /** True for the counter from which the cores in use are derived. */
  readonly givesUsage: boolean;
}

/** The cores in use, as derived from a counter of CPU time. */
export interface CpuUsage {
  readonly series: Series;
  /** The sample from which the next gain is counted. */
  baseTime: number;
  baseValue: number;
  /** The start time of that sample; NaN before the first. */
  baseStart: number;
  /** What was told last. */
  latest: NumberPoint | undefined;
}

/**
 * The last samples of one series since it was last handed on. There is one for each series, so it
 * holds numbers and not points: three samples take half of the bytes of one point.
 */
export interface Window {
  /** Undefined once the series has ended. */
  series: Series | undefined;
  readonly plan: Plan;
  /** Pairs of time and value, overwritten in a circle; what is not in the window is still there. */
  readonly ring: number[];
  /** Where the newest pair is. */
  head: number;
  /** How many pairs are in the window; 0 once it was handed on. */
  count: number;
  /** When the source began to count, in ms; later than it says where its counter went back. */
  start: number;
  /** The newest sample, where it is a histogram or a summary: the ring then has its count. */
  complex: Point | undefined;
  readonly usage: CpuUsage | undefined;
  /** True when the newest sample came on demand. */
  onDemand: boolean;
  /** The series that came next in the last batch: most often it does again, and no map is asked. */
  next: Window | undefined;
}

/** Why a sample was not taken. */
export type Refusal = 'late' | 'invalid';

/**
 * Takes a sample, in the order of time. One with the time of the newest replaces it. Where a
 * cumulative value starts anew, or goes back, the samples before it leave the window, and in the
 * latter case the start becomes the time of the last of them: what comes out never goes back
 * within a start time.
 */
export function addSample(window: Window, point: Point): Refusal | undefined {
  const { ring } = window;
  const { time } = point;
  const value = point.kind === 'number' ? point.value : point.count;
  let { head } = window;
  const lastTime = ring[head] as number;
  const lastValue = ring[head + 1] as number;
  if (!Number.isFinite(value)) return 'invalid';
  if (time < lastTime) return 'late';
  if (window.plan.isCumulative) {
    if (point.start > window.start || value < lastValue) {
      const start = point.start > window.start ? point.start : lastTime;
      if (time === lastTime || !(start > window.start)) return 'late';
      window.start = start;
      window.count = 0;
    }
  } else if (point.start !== window.start) {
    window.start = point.start;
  }
  if (time === lastTime && window.usage !== undefined) {
    // A clock that was set back stands still here: what is used meanwhile has no time of its own.
    window.usage.baseValue += value - lastValue;
  }
  if (time > lastTime || window.count === 0) {
    head += 2;
    if (head === ring.length) head = 0;
    window.head = head;
    ring[head] = time;
    if (window.count < window.plan.samples) window.count++;
  }
  ring[head + 1] = value;
  if (point.kind !== 'number') window.complex = point;
  return undefined;
}

/** Where the pair `age` samples before the newest is in the ring. */
export function pairAt({ ring, head }: Window, age: number): number {
  const at = head - 2 * age;
  return at < 0 ? at + ring.length : at;
}
