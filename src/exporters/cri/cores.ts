import type { NumberPoint } from '../../pdata/point.ts';

/** The cores that a workload uses, from its CPU counter in seconds. */
export interface Cores {
  add(point: NumberPoint): void;
  /** Over at least 10 s up to the newest point; undefined while there is no such window. */
  value(): number | undefined;
}

const WINDOW_MILLIS = 10_000;

/**
 * Makes an empty window. Two points behind the newest are kept, so that the window is between 10 and
 * 20 s long where points come often, and one interval where they come seldom. A counter that begins
 * anew begins a new window; points that are not newer than the last change nothing.
 */
export function createCores(): Cores {
  let older: NumberPoint | undefined;
  let newer: NumberPoint | undefined;
  let last: NumberPoint | undefined;
  return { add, value };

  function add(point: NumberPoint): void {
    if (last !== undefined && point.time <= last.time) return;
    if (last === undefined || point.start !== last.start || point.value < last.value) {
      older = undefined;
      newer = point;
    } else if (newer !== undefined && point.time - newer.time >= WINDOW_MILLIS) {
      older = newer;
      newer = point;
    }
    last = point;
  }

  function value(): number | undefined {
    if (older === undefined || last === undefined) return undefined;
    return (last.value - older.value) / ((last.time - older.time) / 1000);
  }
}
