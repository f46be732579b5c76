import { expect, test } from 'vitest';
import { createSingles } from '../../../src/helper/exporter/gather.ts';
import { createMemoryBacklog } from '../../../src/helper/exporter/memory-backlog.ts';
import type { QueueConfig } from '../../../src/helper/exporter/options.ts';
import { createSendingQueue } from '../../../src/helper/exporter/queue.ts';
import type { ExportRequest } from '../../../src/helper/exporter/request.ts';

const DEFAULTS: QueueConfig = {
  ...{ enabled: true, num_consumers: 1, queue_size: 3, sizer: 'requests' },
  ...{ block_on_overflow: false, wait_for_result: false },
};
const request = (points = 1, bytes = 1): ExportRequest => ({ points, bytes: Buffer.alloc(bytes) });
const turns = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A queue whose requests end when they are told to. */
function setUp(config: Partial<QueueConfig> = {}) {
  const ends: { resolve(): void; reject(error: Error): void }[] = [];
  const sizes: number[] = [];
  const consume = () =>
    new Promise<void>((resolve, reject) => {
      ends.push({ resolve, reject });
    });
  const whole = { ...DEFAULTS, ...config };
  const backlog = createMemoryBacklog(whole.sizer);
  const queue = createSendingQueue(whole, {
    ...{ backlog, gatherer: createSingles(backlog), consume },
    resized: (size) => sizes.push(size),
  });
  return { queue, ends, sizes };
}

test.each([
  ['requests', request(50, 500)],
  ['items', request(1, 500)],
  ['bytes', request(50, 1)],
] as const)('queue_size counts %s', async (sizer, one) => {
  const { queue, sizes } = setUp({ sizer });
  for (let i = 0; i < 3; i++) await queue.add([one]);
  expect(queue.size).toBe(3);
  expect(sizes).toEqual([0, 1, 2, 3]);
  await expect(queue.add([one])).rejects.toThrow('sending queue is full');
});

test('a batch of several requests goes in as a whole or not at all', async () => {
  const { queue, ends } = setUp();
  await queue.add([request(), request()]);
  await expect(queue.add([request(), request()])).rejects.toThrow('full');
  expect(queue.size).toBe(2);
  await queue.add([request()]);
  const large = [request(), request(), request(), request()];
  await expect(queue.add(large)).rejects.toThrow('larger than the sending queue');
  expect(ends).toHaveLength(1);
});

test('num_consumers are sent side by side, and room is made when one has ended', async () => {
  const { queue, ends, sizes } = setUp({ num_consumers: 2 });
  for (let i = 0; i < 3; i++) await queue.add([request()]);
  expect(ends).toHaveLength(2);
  ends[0]?.resolve();
  await turns();
  expect(ends).toHaveLength(3);
  expect(queue.size).toBe(2);
  ends[1]?.reject(new Error('no'));
  ends[2]?.resolve();
  await turns();
  expect(sizes.at(-1)).toBe(0);
});

test('block_on_overflow waits for room, also when what is before it failed', async () => {
  const { queue, ends } = setUp({ block_on_overflow: true, queue_size: 1 });
  await queue.add([request()]);
  const entered: number[] = [];
  const waiting = [1, 2].map((i) => queue.add([request()]).then(() => entered.push(i)));
  await turns();
  expect(entered).toEqual([]);
  ends[0]?.reject(new Error('no'));
  await turns();
  expect(entered).toEqual([1]);
  ends[1]?.resolve();
  await Promise.all(waiting);
  expect(entered).toEqual([1, 2]);
  await expect(queue.add([request(), request()])).rejects.toThrow('larger than');
});

test('wait_for_result tells what became of each batch', async () => {
  const { queue, ends } = setUp({ wait_for_result: true, num_consumers: 2 });
  const [good, bad] = [queue.add([request()]), queue.add([request(), request()])];
  const outcome = Promise.allSettled([good, bad]);
  await turns();
  ends[0]?.resolve();
  ends[1]?.resolve();
  await turns();
  ends[2]?.reject(new Error('refused'));
  const [first, second] = await outcome;
  expect(first.status).toBe('fulfilled');
  expect(second).toMatchObject({ status: 'rejected', reason: new Error('refused') });
});

test('a closed queue takes nothing, sends what it has, and refuses who waited', async () => {
  const { queue, ends } = setUp({ block_on_overflow: true, queue_size: 2 });
  await queue.add([request(), request()]);
  const waiting = queue.add([request()]);
  let isClosed = false;
  const closing = queue.close().then(() => {
    isClosed = true;
  });
  await expect(waiting).rejects.toThrow('full');
  await expect(queue.add([request()])).rejects.toThrow();
  ends[0]?.resolve();
  await turns();
  expect(isClosed).toBe(false);
  ends[1]?.resolve();
  await closing;
  await expect(queue.add([request()])).rejects.toThrow('stopped');
});
