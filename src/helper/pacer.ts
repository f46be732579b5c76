import { setImmediate as nextTurn } from 'node:timers/promises';

/** Cuts long synchronous work into slices, so that the event loop has a turn between them. */
export interface Pacer {
  /** True when the slice is used up; cheap enough to ask after each cgroup. */
  isDue(): boolean;
  /** Gives the event loop a turn and starts a new slice. Rejects once the work is given up. */
  now(): Promise<void>;
}

const SLICE_MILLIS = 4;

/** Starts the first slice. */
export function createPacer(signal?: AbortSignal): Pacer {
  let end = performance.now() + SLICE_MILLIS;
  return {
    isDue: () => performance.now() >= end,
    async now() {
      await nextTurn();
      signal?.throwIfAborted();
      end = performance.now() + SLICE_MILLIS;
    },
  };
}
