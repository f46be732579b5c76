import { beforeEach, expect, test, vi } from 'vitest';
import { createPace } from '../../../src/helper/layers/pace.ts';

const { signal } = new AbortController();

let clock = 0;
beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
  return () => vi.restoreAllMocks();
});

function work(millis: number): void {
  clock += millis;
}

/** How many turns the event loop had while `run` ran. */
async function turnsOf(run: () => Promise<void>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await run();
  isOver = true;
  return turns;
}

test('a slice ends in a rest that is nineteen times as long, across pieces of work', async () => {
  const pace = createPace();
  let rested = 0;
  const turns = await turnsOf(async () => {
    for (let i = 0; i < 3; i++) {
      const before = Date.now();
      await pace.begin(signal);
      rested += Date.now() - before;
      work(2);
      pace.end();
    }
  });
  // Two pieces fill a slice: the third waits.
  expect(turns).toBeGreaterThan(0);
  expect(rested).toBeGreaterThanOrEqual(2 * 2 * 19 - 2);
});

test('within a slice nobody waits, and what was done long ago is over', async () => {
  const pace = createPace();
  await pace.begin(signal);
  const turns = await turnsOf(async () => {
    for (let i = 0; i < 3; i++) await pace.turn(signal);
  });
  expect(turns).toBe(0);
  pace.end();
  work(20);
  expect(await turnsOf(() => pace.begin(signal))).toBe(0);
});

test('a rest ends when the work is given up', async () => {
  const pace = createPace();
  const stop = new AbortController();
  await pace.begin(stop.signal);
  work(10);
  const turn = pace.turn(stop.signal);
  stop.abort();
  await expect(turn).rejects.toThrow('abort');
});
