import { setTimeout as sleep } from 'node:timers/promises';
import type { RetryConfig } from './options.ts';
import { SendError } from './request.ts';

/** Runs attempts until one succeeds; told of each failure that is followed by another attempt. */
export type Retry = <T>(
  attempt: () => Promise<T>,
  retried: (error: SendError, delayMillis: number) => void,
) => Promise<T>;

/**
 * Makes the retry of the Collector's exporterhelper: intervals grow by a factor and are randomized, the
 * other side's wish for a pause counts where it is longer. Rejects with the last error: of a kind
 * that no retry mends, after `max_elapsed_time`, or once `stop` is given.
 */
export function createRetry(config: RetryConfig, stop: AbortSignal, random = Math.random): Retry {
  return async (attempt, retried) => {
    const startedAt = performance.now();
    let interval = config.initial_interval;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof SendError) || !error.isRetryable || !config.enabled) throw error;
        const spread = interval * config.randomization_factor * (2 * random() - 1);
        const delay = Math.max(interval + spread, error.throttleMillis);
        const elapsed = performance.now() - startedAt + delay;
        const isOver = config.max_elapsed_time > 0 && elapsed > config.max_elapsed_time;
        if (isOver || stop.aborted) throw error;
        interval = Math.min(interval * config.multiplier, config.max_interval);
        retried(error, delay);
        const isStopped = await sleep(delay, false, { signal: stop }).catch(() => true);
        if (isStopped) throw error;
      }
    }
  };
}
