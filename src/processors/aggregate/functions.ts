import { type NumberPoint, numberPoint } from '../../pdata/point.ts';
import type { Series } from '../../pdata/series.ts';
import { type Plan, pairAt, type Window } from './window.ts';

/** What a rule may ask for. */
export const FUNCTION_NAMES = ['mean', 'last', 'min', 'max', 'sum', 'p50', 'p95', 'p99'] as const;

/** The function of a rule. */
type FunctionName = (typeof FUNCTION_NAMES)[number];

/** Each function by its name; all but `mean` and `sum` give a sample as it is. */
export const FUNCTIONS: Readonly<Record<FunctionName, Plan['aggregate']>> = {
  mean,
  last,
  min: (window) => extreme(window, -1),
  max: (window) => extreme(window, 1),
  sum,
  p50: (window) => percentile(window, 0.5),
  p95: (window) => percentile(window, 0.95),
  p99: (window) => percentile(window, 0.99),
};

/** The newest sample. */
export function last(window: Window): NumberPoint {
  return sampleAt(window, window.head);
}

/** The mean of the values at the mean of the times: of a counter, a point on its line. */
function mean(window: Window): NumberPoint {
  return average(window, false);
}

/** The area below the line through the samples over its length, at its middle. */
export function timeWeightedMean(window: Window): NumberPoint {
  return average(window, true);
}

/**
 * Adds up what is above the oldest sample: that keeps large counters exact, whole numbers whole, and
 * the result between the samples in spite of rounding.
 */
function average(window: Window, isWeighted: boolean): NumberPoint {
  const { ring, count } = window;
  let at = pairAt(window, count - 1);
  const firstTime = ring[at] as number;
  const firstValue = ring[at + 1] as number;
  let elapsed = 0;
  let gain = 0;
  let times = 0;
  let gains = 0;
  let area = 0;
  for (let left = count - 1; left > 0; left--) {
    at = at + 2 === ring.length ? 0 : at + 2;
    const millis = (ring[at] as number) - firstTime;
    area += ((gain + (ring[at + 1] as number) - firstValue) / 2) * (millis - elapsed);
    elapsed = millis;
    gain = (ring[at + 1] as number) - firstValue;
    times += elapsed;
    gains += gain;
  }
  const isArea = isWeighted && elapsed > 0;
  const time = firstTime + (isArea ? elapsed / 2 : times / count);
  const mean = isArea ? area / elapsed : gains / count;
  return pointOf(window, time, firstValue + (window.plan.isInt ? Math.round(mean) : mean));
}

/** All values added up, at the time of the newest. */
function sum(window: Window): NumberPoint {
  let total = 0;
  for (let age = window.count - 1; age >= 0; age--) {
    total += window.ring[pairAt(window, age) + 1] as number;
  }
  return pointOf(window, window.ring[window.head] as number, total);
}

/** The newest of the samples that are lowest (-1) or highest (1). */
function extreme(window: Window, sign: 1 | -1): NumberPoint {
  const { ring, count } = window;
  let best = window.head;
  for (let age = 1; age < count; age++) {
    const at = pairAt(window, age);
    if (sign * ((ring[at + 1] as number) - (ring[best + 1] as number)) > 0) best = at;
  }
  return sampleAt(window, best);
}

/** The sample of the nearest rank. */
function percentile(window: Window, share: number): NumberPoint {
  const { ring, count } = window;
  const places = Array.from({ length: count }, (_, i) => pairAt(window, count - 1 - i));
  places.sort((a, b) => (ring[a + 1] as number) - (ring[b + 1] as number));
  return sampleAt(window, places[Math.ceil(share * count) - 1] as number);
}

function sampleAt(window: Window, at: number): NumberPoint {
  return pointOf(window, window.ring[at] as number, window.ring[at + 1] as number);
}

function pointOf({ series, start }: Window, time: number, value: number): NumberPoint {
  return numberPoint(series as Series, start, time, value);
}
