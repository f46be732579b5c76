import { setTimeout as sleep } from 'node:timers/promises';
import type { RetryConfig } from './options.ts';
import { SendError } from './request.ts';

/** The longest that a timer can wait; a longer one would fire at once. */
const LONGEST_MILLIS = 2 ** 31 - 1;

/** Runs attempts until one succeeds; told of each failure that is followed by another attempt. */
export type Retry = <T>(
  attempt: () => Promise<T>,
  retried: (error: SendError, delayMillis: number) => void,
) => Promise<T>;

/** Chance and time, of which a test passes its own. */
interface RetryClock {
  /** From 0 to 1. */
  random(): number;
  /** Steady, in ms. */
  now(): number;
  pause(millis: number, stop: AbortSignal): Promise<'over' | 'stopped'>;
}

const CLOCK: RetryClock = { random: Math.random, now: () => performance.now(), pause };

/**
 * Makes the retry of the Collector's exporterhelper: intervals grow by a factor and are randomized, the
 * other side's wish for a pause counts where it is longer. Rejects with the last error: of a kind
 * that no retry mends, after `max_elapsed_time`, or once `stop` is given.
 */
export function createRetry(config: RetryConfig, stop: AbortSignal, clock = CLOCK): Retry {
  return async (attempt, retried) => {
    const startedAt = clock.now();
    let interval = config.initial_interval;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof SendError) || !error.isRetryable || !config.enabled) throw error;
        const spread = interval * config.randomization_factor * (2 * clock.random() - 1);
        const delay = Math.max(interval + spread, error.throttleMillis);
        const elapsed = clock.now() - startedAt + delay;
        const isOver = config.max_elapsed_time > 0 && elapsed > config.max_elapsed_time;
        if (isOver || stop.aborted) throw error;
        interval = Math.min(interval * config.multiplier, config.max_interval);
        retried(error, delay);
        if ((await clock.pause(delay, stop)) === 'stopped') throw error;
      }
    }
  };
}

/** Waits, for 24 days at most. */
export async function pause(millis: number, stop: AbortSignal): Promise<'over' | 'stopped'> {
  const bounded = Math.min(millis, LONGEST_MILLIS);
  return sleep(bounded, 'over' as const, { signal: stop }).catch(() => 'stopped' as const);
}
