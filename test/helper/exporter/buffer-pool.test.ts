import { expect, test } from 'vitest';
import { createBufferPool } from '../../../src/helper/exporter/buffer-pool.ts';

const MEGABYTE = 2 ** 20;

test('a buffer that was given back is the next one, in the size asked for', () => {
  const pool = createBufferPool();
  const first = pool.take(2 * MEGABYTE - 5);
  pool.give(first);
  const second = pool.take(2 * MEGABYTE - 9);
  expect(second.buffer).toBe(first.buffer);
  expect(second).toHaveLength(2 * MEGABYTE - 9);
  expect(pool.take(2 * MEGABYTE).buffer).not.toBe(first.buffer);
});

test('one that is too small is left, the smallest that fits is taken', () => {
  const pool = createBufferPool();
  const [one, four, two] = [1, 4, 2].map((size) => pool.take(size * MEGABYTE));
  for (const each of [one, four, two]) pool.give(each as Buffer);
  expect(pool.take(1.5 * MEGABYTE).buffer).toBe(two?.buffer);
  expect(pool.take(1.5 * MEGABYTE).buffer).toBe(four?.buffer);
});

test('a buffer given twice is kept once, and no more than three are', () => {
  const pool = createBufferPool();
  const taken = [1, 2, 3, 4].map((size) => pool.take(size * MEGABYTE));
  for (const each of [...taken, ...taken]) pool.give(each);
  const again = [1, 1, 1, 1].map((size) => pool.take(size * MEGABYTE).buffer);
  expect(again.slice(0, 3)).toEqual(taken.slice(1).map(({ buffer }) => buffer));
  expect(taken.map(({ buffer }) => buffer)).not.toContain(again[3]);
});

test('small buffers are not kept, nor is the memory that Node shares among them', () => {
  const pool = createBufferPool();
  const small = pool.take(100);
  pool.give(small);
  expect(pool.take(MEGABYTE).buffer).not.toBe(small.buffer);
});
