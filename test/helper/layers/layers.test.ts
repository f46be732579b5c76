import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, expect, test, vi } from 'vitest';
import { createLayers, LayerBoundError, type Layers } from '../../../src/helper/layers/layers.ts';
import { createLogOnce } from '../../../src/helper/log-once.ts';
import type { LayerUse } from '../../../src/workload/layer-use.ts';

const INTERVAL = 60_000;
const MINUTE = 60_000;
let clock: number;
let log: string[];
let failures: number;
let layers: Layers;

beforeEach(() => {
  clock = 1_800_000_000_000;
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
  log = [];
  failures = 0;
  const say = (message: string, fields = {}) => log.push(`${message} ${JSON.stringify(fields)}`);
  layers = createLayers({
    ...{ intervalMillis: INTERVAL, receiver: 'cgroup', now: () => clock },
    said: createLogOnce({ debug() {}, info: say, warn: say, error: say }),
    failures: {
      add(count) {
        failures += count;
      },
    },
  });
  return () => vi.restoreAllMocks();
});

function figure(bytes: number): LayerUse {
  return { bytes, inodes: 1, limitBytes: 100, device: '/dev/sda1', time: clock };
}

/** What was asked for is measured; then time goes on. */
async function pass(millis: number): Promise<void> {
  await nextTurn();
  clock += millis;
}

test('a figure comes after the first read, and a new one once it is older than the interval', async () => {
  let bytes = 0;
  const layer = layers.follow('a', async () => figure(++bytes));
  await pass(10 * MINUTE);
  expect(bytes).toBe(0);
  expect(layer.use()).toBeUndefined();
  await pass(1000);
  expect(layer.use()).toMatchObject({ bytes: 1, time: clock - 1000 });
  await pass(INTERVAL - 2000);
  layer.use();
  await nextTurn();
  expect(bytes).toBe(1);
  await pass(1000);
  expect(layer.use()?.bytes).toBe(1);
  await nextTurn();
  expect(layer.use()).toMatchObject({ bytes: 2, time: clock });
});

test('nobody reads, nothing is measured', async () => {
  let count = 0;
  const layer = layers.follow('a', async () => figure(++count));
  layer.use();
  await pass(10 * MINUTE);
  await pass(10 * MINUTE);
  expect(count).toBe(1);
});

test('layers are measured one after another, each once', async () => {
  const running = new Set<string>();
  const order: string[] = [];
  const ids = ['a', 'b', 'c'];
  const followed = ids.map((id) =>
    layers.follow(id, async () => {
      expect(running.size).toBe(0);
      running.add(id);
      await nextTurn();
      running.delete(id);
      order.push(id);
      return figure(1);
    }),
  );
  for (let i = 0; i < 10; i++) {
    for (const layer of followed) layer.use();
    await nextTurn();
  }
  expect(order).toEqual(ids);
});

test('a figure stands while the next is measured; the clock may be set back', async () => {
  const first = clock;
  let finish = () => {};
  let count = 0;
  const layer = layers.follow('a', async () => {
    if (++count > 1) await new Promise<void>((resolve) => (finish = resolve));
    return { ...figure(count), time: count > 1 ? first - 5000 : first };
  });
  layer.use();
  await pass(INTERVAL);
  layer.use();
  await pass(INTERVAL);
  expect(layer.use()?.bytes).toBe(1);
  finish();
  await nextTurn();
  await nextTurn();
  expect(layer.use()).toMatchObject({ bytes: 2, time: first });
});

test('what cannot be read has no figure, is said once, and is tried ever less often', async () => {
  let error: Error | undefined;
  let tries = 0;
  const layer = layers.follow('a', async () => {
    tries++;
    if (error !== undefined) throw error;
    return figure(1);
  });
  layer.use();
  await pass(INTERVAL);
  error = new Error('EACCES below /x');
  expect(layer.use()?.bytes).toBe(1);
  await nextTurn();
  expect(layer.use()).toBeUndefined();
  const gaps: number[] = [];
  for (let last = clock; gaps.length < 7; await pass(INTERVAL / 2)) {
    const before = tries;
    layer.use();
    await nextTurn();
    if (tries === before) continue;
    gaps.push((clock - last) / MINUTE);
    last = clock;
  }
  expect(gaps).toEqual([1, 2, 4, 8, 16, 20, 20]);
  expect(log).toEqual([expect.stringContaining('"id":"a","error":"EACCES below /x"')]);
  expect(failures).toBe(8);
  error = undefined;
  await pass(20 * MINUTE);
  layer.use();
  await nextTurn();
  expect(layer.use()?.bytes).toBe(1);
  expect(log).toHaveLength(2);
});

test('what is too large keeps its last figure, with its time, for half an hour', async () => {
  const measured = clock;
  let count = 0;
  const layer = layers.follow('a', async () => {
    if (++count > 1) throw new LayerBoundError('it has too many files');
    return figure(1);
  });
  layer.use();
  for (let minutes = 0; minutes < 30; minutes++) {
    await pass(MINUTE);
    expect(layer.use()).toMatchObject({ bytes: 1, time: measured });
  }
  await pass(MINUTE);
  expect(layer.use()).toBeUndefined();
  expect(log).toHaveLength(1);
});

test('a layer that is not there yet is looked for soon, and without a word', async () => {
  let isThere = false;
  const layer = layers.follow('a', async () => (isThere ? figure(1) : undefined));
  layer.use();
  await pass(5_000);
  layer.use();
  isThere = true;
  await pass(10_000);
  layer.use();
  await nextTurn();
  expect(layer.use()?.bytes).toBe(1);
  expect(log).toEqual([]);
});

test('a container that goes ends its walk, and the others are measured', async () => {
  let isAborted = false;
  const gone = layers.follow('a', (signal) => {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        isAborted = true;
        reject(new Error('aborted'));
      });
    });
  });
  const other = layers.follow('b', async () => figure(2));
  gone.use();
  other.use();
  await nextTurn();
  expect(other.use()).toBeUndefined();
  gone.close();
  await nextTurn();
  expect(isAborted).toBe(true);
  expect(other.use()?.bytes).toBe(2);
  expect(log).toEqual([]);
});

test('closing ends the walk, and nothing is measured any more', async () => {
  let count = 0;
  const follow = (id: string) =>
    layers.follow(id, (signal) => {
      count++;
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(Error())));
    });
  const both = [follow('a'), follow('b')];
  for (const layer of both) layer.use();
  await nextTurn();
  await layers.close();
  for (const layer of both) layer.use();
  await nextTurn();
  expect(count).toBe(1);
  expect(log).toEqual([]);
});
