import { DERIVED } from '../../catalog/derived.ts';
import { type NumberPoint, numberPoint } from '../../pdata/point.ts';
import { createSeries, NO_LABELS, type Series } from '../../pdata/series.ts';
import { type CpuUsage, pairAt, type Window } from './window.ts';

/** Shorter ones tell the granularity of the counter and of timers more than what is used. */
const MIN_WINDOW_MILLIS = 10_000;
/** A pass that is due after an interval comes some milliseconds before or after it. */
const JITTER = 0.99;

/** How long a gain must be counted: 10 s, or one emission `intervalMillis` where that is less. */
export function usageWindow(intervalMillis: number): number {
  return JITTER * Math.min(MIN_WINDOW_MILLIS, intervalMillis);
}

/** What is kept to derive the usage; undefined for the series of a single CPU. */
export function createCpuUsage({ identity, labels, resource }: Series): CpuUsage | undefined {
  const { cpu = 'total', ...others } = labels;
  if (cpu !== 'total') return undefined;
  const own = Object.keys(others).length === 0 ? NO_LABELS : Object.freeze(others);
  const series = createSeries(DERIVED.container_cpu_usage_cores, identity, own, resource);
  return { series, baseTime: 0, baseValue: 0, baseStart: Number.NaN, latest: undefined };
}

/**
 * The usage from the last time on that it was told until the newest sample of a counter's window;
 * undefined while that is less than `minMillis`. A counter that began anew is counted from the
 * oldest sample after that.
 */
export function updateCpuUsage(
  usage: CpuUsage,
  window: Window,
  minMillis: number,
): NumberPoint | undefined {
  const { ring, head, count, start } = window;
  if (start !== usage.baseStart) {
    const oldest = pairAt(window, count - 1);
    usage.baseStart = start;
    usage.baseTime = ring[oldest] as number;
    usage.baseValue = ring[oldest + 1] as number;
  }
  const time = ring[head] as number;
  const value = ring[head + 1] as number;
  const millis = time - usage.baseTime;
  if (millis <= 0 || millis < minMillis) return undefined;
  const cores = ((value - usage.baseValue) / millis) * 1000;
  usage.baseTime = time;
  usage.baseValue = value;
  usage.latest = numberPoint(usage.series, 0, time, cores);
  return usage.latest;
}
