import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { BatchConfig } from '../../../src/helper/exporter/batch-config.ts';
import { createGatherer } from '../../../src/helper/exporter/gather.ts';
import { createMemoryBacklog } from '../../../src/helper/exporter/memory-backlog.ts';

const BATCH: BatchConfig = { flush_timeout: 200, min_size: 10, max_size: 0, sizer: 'items' };

/** A gatherer of a backlog to which requests of points are added. */
function setUp(config: Partial<BatchConfig> = {}, maxBytes = 1000) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const backlog = createMemoryBacklog('requests');
  const gatherer = createGatherer(backlog, { ...BATCH, ...config }, maxBytes);
  const add = async (points: number, bytes = points) => {
    await backlog.put([{ request: { points, bytes: Buffer.alloc(bytes) }, end() {} }]);
    gatherer.arrived();
  };
  const next = async () => (await gatherer.next()).map(({ request }) => request.points);
  return { gatherer, add, next };
}

test('min_size is what is waited for', async () => {
  const { add, next } = setUp();
  for (const points of [3, 4, 5, 6]) await add(points);
  expect(await next()).toEqual([3, 4, 5]);
  const rest = next();
  await vi.advanceTimersByTimeAsync(199);
  await add(7);
  expect(await rest).toEqual([6, 7]);
});

test('flush_timeout counts from the first', async () => {
  const { add, next } = setUp();
  await add(1);
  const group = next();
  let isThere = false;
  void group.then(() => {
    isThere = true;
  });
  for (const points of [2, 3]) {
    await vi.advanceTimersByTimeAsync(80);
    await add(points);
  }
  await vi.advanceTimersByTimeAsync(39);
  expect(isThere).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await group).toEqual([1, 2, 3]);
});

test('nothing is waited for where there is nothing, nor at the end', async () => {
  const { add, next, gatherer } = setUp();
  expect(await next()).toEqual([]);
  await add(1);
  const group = next();
  await vi.advanceTimersByTimeAsync(10);
  gatherer.close();
  expect(await group).toEqual([1]);
  await add(2);
  expect(await next()).toEqual([2]);
});

test('bytes are counted where they are asked for, and bound each request in any case', async () => {
  const bytes = setUp({ sizer: 'bytes', min_size: 100, max_size: 150 });
  for (const size of [90, 50, 70, 200, 150]) await bytes.add(1, size);
  const groups = [];
  for (let i = 0; i < 4; i++) groups.push((await bytes.next()).length);
  // 90 + 50; 70, which 200 does not fit to; 200 alone, as it came; 150.
  expect(groups).toEqual([2, 1, 1, 1]);
  const items = setUp({ min_size: 100 }, 120);
  for (const size of [50, 60, 20]) await items.add(1, size);
  expect(await items.next()).toHaveLength(2);
  expect(items.gatherer.hasMore).toBe(true);
});

test('whatever comes: each is in one group, in order, and groups keep their bounds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 40 }),
      async (all, minSize, more) => {
        const maxSize = more === 0 ? 0 : minSize + more;
        const { add, gatherer, next } = setUp({ min_size: minSize, max_size: maxSize }, 100);
        for (const points of all) await add(points);
        gatherer.close();
        const groups: number[][] = [];
        while (gatherer.hasMore) groups.push(await next());
        expect(groups.flat()).toEqual(all);
        const sums = groups.map((group) => group.reduce((sum, each) => sum + each, 0));
        for (const [i, group] of groups.entries()) {
          const sum = sums[i] as number;
          if (group.length > 1) expect(sum).toBeLessThanOrEqual(maxSize || 100);
          const following = groups[i + 1]?.[0];
          if (following === undefined || sum >= minSize) continue;
          // It was too small, but the next did not fit.
          expect(sum + following).toBeGreaterThan(Math.min(maxSize || 100, 100));
        }
      },
    ),
  );
});
