import type { Counter } from '../../component/telemetry.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import { endedPoint, isEnded, type Point } from '../../pdata/point.ts';
import type { Series } from '../../pdata/series.ts';
import { createCpuUsage, updateCpuUsage } from './cpu-usage.ts';
import { last } from './functions.ts';
import { addSample, type Plan, type Refusal, type Window } from './window.ts';

/** The windows of all series that have not ended. */
export interface Windows {
  readonly size: number;
  /** Takes points; gives those that are not held: ends of series and deltas. */
  take(points: readonly Point[], onDemand: boolean): Point[];
  /** Gives a point for each window with samples and empties it. */
  empty(): Emission;
}

/** What windows gave, by how their newest sample came. */
interface Emission {
  readonly timed: Point[];
  readonly onDemand: Point[];
}

/** How windows are made. */
export interface WindowsOptions {
  readonly planOf: (descriptor: Descriptor) => Plan;
  readonly maxSeries: number;
  /** How long a gain must be counted before usage is told of it, in ms. */
  readonly usageMillis: number;
  /** Points that were dropped, by why. */
  readonly dropped: Readonly<Record<Refusal | 'max_series', Counter>>;
}

/** The newest sample of a series that has ended. */
interface Rest {
  readonly start: number;
  readonly time: number;
  readonly value: number;
}

/** Makes the windows. */
export function createWindows(options: WindowsOptions): Windows {
  const { planOf, maxSeries, usageMillis, dropped } = options;
  const windows = new Map<Series, Window>();
  // A series may come back after its end, and must not go back then either.
  const rests = new WeakMap<Series, Rest>();
  return {
    get size() {
      return windows.size;
    },
    take,
    empty,
  };

  function take(points: readonly Point[], onDemand: boolean): Point[] {
    const passed: Point[] = [];
    let before: Window | undefined;
    for (const point of points) {
      const guess = before?.next;
      let window = guess?.series === point.series ? guess : windows.get(point.series);
      if (isEnded(point)) {
        if (window !== undefined) end(window, point, passed);
        passed.push(point);
        continue;
      }
      window ??= open(point, passed);
      if (window === undefined) continue;
      if (before !== undefined && guess !== window) before.next = window;
      before = window;
      window.onDemand = onDemand;
      const refusal = addSample(window, point);
      if (refusal !== undefined) dropped[refusal].add(1);
    }
    return passed;
  }

  /** Undefined for what is passed on and for what has no room. */
  function open(point: Point, passed: Point[]): Window | undefined {
    const { series } = point;
    const plan = planOf(series.descriptor);
    if (plan.isDelta) {
      passed.push(point);
      return undefined;
    }
    if (windows.size >= maxSeries) {
      dropped.max_series.add(1);
      return undefined;
    }
    const rest = rests.get(series);
    const ring = new Array<number>(2 * plan.samples).fill(Number.NEGATIVE_INFINITY);
    if (rest !== undefined) {
      ring[0] = rest.time;
      ring[1] = rest.value;
    }
    const window: Window = {
      series,
      plan,
      ring,
      head: 0,
      count: 0,
      start: rest?.start ?? point.start,
      complex: undefined,
      usage: plan.givesUsage ? createCpuUsage(series) : undefined,
      onDemand: false,
      next: undefined,
    };
    windows.set(series, window);
    return window;
  }

  /** A counter's last sample goes with its end, so that nothing of it is lost. */
  function end(window: Window, point: Point, passed: Point[]): void {
    const { series, plan, usage, ring, head, start } = window;
    if (window.count > 0) {
      passed.push(plan.isCumulative ? (complexOf(window) ?? last(window)) : pointOf(window));
    }
    if (usage?.latest !== undefined) passed.push(endedPoint(usage.series, point.time));
    windows.delete(series as Series);
    const [time, value] = [ring[head] as number, ring[head + 1] as number];
    rests.set(series as Series, { start, time, value });
    window.series = undefined;
    window.next = undefined;
  }

  function empty(): Emission {
    const emission: Emission = { timed: [], onDemand: [] };
    for (const window of windows.values()) {
      if (window.count === 0) continue;
      const points = window.onDemand ? emission.onDemand : emission.timed;
      points.push(pointOf(window));
      const { usage } = window;
      if (usage !== undefined) {
        const cores = updateCpuUsage(usage, window, usageMillis);
        // On demand only what a collection brings is served: until there is news, the last again.
        const told = window.onDemand ? usage.latest : cores;
        if (told !== undefined) points.push(told);
      }
      window.count = 0;
    }
    return emission;
  }
}

function pointOf(window: Window): Point {
  return complexOf(window) ?? window.plan.aggregate(window);
}

/** A histogram or a summary, with the start that its window has. */
function complexOf({ complex, start }: Window): Point | undefined {
  return complex === undefined || complex.start === start ? complex : { ...complex, start };
}
