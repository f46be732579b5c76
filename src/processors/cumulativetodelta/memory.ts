import { createSeriesKey } from '../../helper/processor/series-key.ts';
import type { Series } from '../../pdata/series.ts';
import type { Counted } from './delta.ts';

const MAX_ENDED = 10_000;

/** The last values of series. */
export interface Memory {
  /** The last value of a series, or of one that has ended and was the same to a reader. */
  last(series: Series): Counted | undefined;
  keep(point: Counted): void;
  /** The series has ended; it may come again, from the same source. */
  end(series: Series): void;
  /** A counter that began before may have been counted, and forgotten; ms since the epoch. */
  readonly forgottenUntil: number;
}

/**
 * Makes the memory: of living series, as long as others hold them, and of the 10,000 that ended last.
 * Without the latter a source that failed for a pass would be counted from its start again.
 */
export function createMemory(maxEnded = MAX_ENDED): Memory {
  const keyOf = createSeriesKey();
  const living = new WeakMap<Series, Counted>();
  const ended = new Map<string, Counted>();
  let forgottenUntil = 0;
  return {
    last: (series) => living.get(series) ?? revived(series),
    keep: (point) => void living.set(point.series, point),
    end,
    get forgottenUntil() {
      return forgottenUntil;
    },
  };

  function revived(series: Series): Counted | undefined {
    if (ended.size === 0) return undefined;
    const key = keyOf(series);
    const point = ended.get(key);
    ended.delete(key);
    return point;
  }

  function end(series: Series): void {
    const point = living.get(series);
    if (point === undefined) return;
    living.delete(series);
    const key = keyOf(series);
    ended.delete(key);
    ended.set(key, point);
    const [oldest] = ended;
    if (ended.size <= maxEnded || oldest === undefined) return;
    ended.delete(oldest[0]);
    forgottenUntil = Math.max(forgottenUntil, oldest[1].time);
  }
}
