import { setTimeout as sleep } from 'node:timers/promises';

/** Holds work in the background to a small part of the time, in short slices. */
export interface Pace {
  /** Before a piece of work; waits if the last one used up its slice. */
  begin(signal: AbortSignal): Promise<void>;
  /** Often while it lasts: rests after each slice. */
  turn(signal: AbortSignal): Promise<void>;
  /** After it. */
  end(): void;
}

const SLICE_MILLIS = 4;
/** Of one CPU. */
const SHARE = 0.05;
/** A slice that was long had to wait for a disk, which is no CPU time. */
const LONGEST_REST_MILLIS = 1000;

/** Makes the pace of one piece of work after another. */
export function createPace(): Pace {
  let busy = 0;
  let since = 0;
  return {
    async begin(signal) {
      since = performance.now();
      await restIfDue(signal);
    },
    turn: restIfDue,
    end: count,
  };

  function count(): void {
    const time = performance.now();
    busy += time - since;
    since = time;
  }

  async function restIfDue(signal: AbortSignal): Promise<void> {
    count();
    if (busy < SLICE_MILLIS) return;
    const rest = Math.min(busy / SHARE - busy, LONGEST_REST_MILLIS);
    await sleep(rest, undefined, { signal, ref: false });
    busy = 0;
    since = performance.now();
  }
}
