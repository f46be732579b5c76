/** When a source that fails may be tried again: after 1 s, then twice as long each time, up to 30 s. */
export interface Backoff {
  /** `now` is in ms of any steady clock. */
  mayTry(now: number): boolean;
  failed(now: number): void;
  succeeded(): void;
}

const FIRST_MILLIS = 1000;
const LONGEST_MILLIS = 30_000;

/** Starts without a failure. */
export function createBackoff(): Backoff {
  let delay = 0;
  let next = Number.NEGATIVE_INFINITY;
  return {
    mayTry: (now) => now >= next,
    failed(now) {
      delay = Math.min(LONGEST_MILLIS, Math.max(FIRST_MILLIS, delay * 2));
      next = now + delay;
    },
    succeeded() {
      delay = 0;
      next = Number.NEGATIVE_INFINITY;
    },
  };
}
