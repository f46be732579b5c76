import { beforeEach, expect, test } from 'vitest';
import type { RetryConfig } from '../../../src/helper/exporter/options.ts';
import { checkRetry } from '../../../src/helper/exporter/options.ts';
import { SendError } from '../../../src/helper/exporter/request.ts';
import { createRetry, pause } from '../../../src/helper/exporter/retry.ts';

/** The Collector's, in ms. */
const DEFAULTS: RetryConfig = {
  ...{ enabled: true, initial_interval: 5000, randomization_factor: 0.5, multiplier: 1.5 },
  ...{ max_interval: 30_000, max_elapsed_time: 300_000 },
};
const DAY = 86_400_000;

let pauses: number[];
beforeEach(() => {
  pauses = [];
});

/** Lets attempts fail until there were `count` pauses or it gives up; time passes by pauses alone. */
async function run(config: Partial<RetryConfig>, random: number, count: number, error = failure()) {
  let now = 0;
  const clock = {
    random: () => random,
    now: () => now,
    async pause(millis: number) {
      pauses.push(millis);
      now += millis;
      return 'over' as const;
    },
  };
  const retry = createRetry({ ...DEFAULTS, ...config }, new AbortController().signal, clock);
  let attempts = 0;
  const before = pauses.length;
  const attempt = async () => {
    attempts++;
    if (pauses.length < before + count) throw error;
  };
  const result = await retry(attempt, () => {}).catch((each) => each);
  return { result, attempts };
}

function failure(throttle = 0, isRetryable = true): SendError {
  return new SendError('no', isRetryable, throttle);
}

test('intervals grow by the multiplier up to the longest', async () => {
  const { attempts } = await run({ max_elapsed_time: 0 }, 0.5, 7);
  expect(pauses.map(Math.round)).toEqual([5000, 7500, 11250, 16875, 25313, 30000, 30000]);
  expect(attempts).toBe(8);
});

test('randomization_factor is how far an interval may be off', async () => {
  await run({ max_elapsed_time: 0, multiplier: 1 }, 0, 2);
  await run({ max_elapsed_time: 0, multiplier: 1 }, 1, 2);
  await run({ max_elapsed_time: 0, multiplier: 2, randomization_factor: 0 }, 1, 2);
  expect(pauses).toEqual([2500, 2500, 7500, 7500, 5000, 10_000]);
});

test('after max_elapsed_time, which a next pause would pass, it gives up', async () => {
  const config = { multiplier: 1, randomization_factor: 0, max_elapsed_time: 19_000 };
  const { result, attempts } = await run(config, 0, 100);
  expect(result).toEqual(failure());
  expect(pauses).toEqual([5000, 5000, 5000]);
  expect(attempts).toBe(4);
});

test('max_elapsed_time 0 never gives up', async () => {
  const { result, attempts } = await run({ max_elapsed_time: 0 }, 0.5, 500);
  expect([result, attempts]).toEqual([undefined, 501]);
});

test('a pause that the other side asks for counts where it is longer', async () => {
  await run({ multiplier: 1 }, 0.5, 1, failure(8000));
  await run({ multiplier: 1 }, 0.5, 1, failure(3000));
  expect(pauses).toEqual([8000, 5000]);
  const { result } = await run({}, 0.5, 100, failure(400_000));
  expect(result).toEqual(failure(400_000));
  expect(pauses).toHaveLength(2);
});

test('a pause ends with a stop; one of months does not end at once, as its timer would', async () => {
  const startedAt = performance.now();
  expect(await pause(90 * DAY, AbortSignal.timeout(200))).toBe('stopped');
  expect(performance.now() - startedAt).toBeGreaterThan(150);
  expect(await pause(5, AbortSignal.timeout(60_000))).toBe('over');
});

test('what no retry mends, and everything when it is off, fails with the first attempt', async () => {
  expect((await run({}, 0.5, 5, failure(0, false))).attempts).toBe(1);
  expect((await run({ enabled: false }, 0.5, 5)).attempts).toBe(1);
});

test.each([
  [{ max_elapsed_time: 10_000 }, 'x::max_elapsed_time: must not be less than max_interval'],
  [{ max_elapsed_time: 1000, max_interval: 1 }, 'must not be less than initial_interval'],
  [{ max_elapsed_time: 0 }, undefined],
  [{ max_elapsed_time: 10_000, enabled: false }, undefined],
  [{}, undefined],
] as const)('%j: %s', (config, reason) => {
  const check = () => checkRetry({ ...DEFAULTS, ...config }, 'x');
  if (reason === undefined) expect(check).not.toThrow();
  else expect(check).toThrow(reason);
});
