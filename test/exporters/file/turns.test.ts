import { expect, test } from 'vitest';
import { createBoundedTurns } from '../../../src/exporters/file/turns.ts';

test('works are done one after another, also after one that failed', async () => {
  const turns = createBoundedTurns(1000, 'stuck');
  const done: number[] = [];
  const work = (i: number) => async () => {
    await new Promise((resolve) => setTimeout(resolve, 10 - i));
    done.push(i);
    if (i === 2) throw new Error('failed');
  };
  const results = await Promise.allSettled([1, 2, 3].map((i) => turns.take(work(i))));
  expect(done).toEqual([1, 2, 3]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('nobody waits for a work that does not end; when it does, all goes on', async () => {
  const turns = createBoundedTurns(300, 'does not answer');
  let end = () => {};
  const hanging = turns.take(() => new Promise<void>((resolve) => (end = resolve)));
  const behind = turns.take(async () => {});
  await expect(hanging).rejects.toThrow('does not answer');
  await expect(behind).rejects.toThrow('does not answer');
  const before = performance.now();
  await expect(turns.take(async () => {})).rejects.toThrow('does not answer');
  expect(performance.now() - before).toBeLessThan(200);
  expect(turns.isStuck).toBe(true);
  end();
  await expect.poll(() => turns.isStuck).toBe(false);
  await turns.take(async () => {});
});
