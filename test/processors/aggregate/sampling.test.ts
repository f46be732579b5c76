import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { endedPoint } from '../../../src/pdata/point.ts';
import { CPU_SERIES, MEMORY_SERIES, sample, setUp, told } from './set-up.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** One pass of a source: CPU that grows by 2 s in 10 s, memory that doubles. */
function pass(seconds: number) {
  return [
    sample(CPU_SERIES, seconds, seconds / 5),
    sample(MEMORY_SERIES, seconds, 2 ** (seconds / 10)),
  ];
}

describe("virtlet's page, on read", () => {
  const onRead = () => setUp('emit: on_read');

  test('a source faster than its reader: CPU is the mean at the mean time, memory the last', async () => {
    const { take, read } = onRead();
    for (const seconds of [10, 20, 30]) await take(pass(seconds));
    const points = await read();
    expect(told(points)).toEqual([
      [20, 4],
      [30, 8],
    ]);
    expect(points.map(({ series }) => series)).toEqual([CPU_SERIES, MEMORY_SERIES]);
  });

  test('only the last N are kept', async () => {
    const { take, read } = onRead();
    for (const seconds of [10, 20, 30, 40, 50]) await take(pass(seconds));
    expect(told(await read())).toEqual([
      [40, 8],
      [50, 32],
    ]);
  });

  test('what was read is purged: a reader that comes again gets what is new, or nothing', async () => {
    const { take, read, batches } = onRead();
    for (const seconds of [10, 20, 30]) await take(pass(seconds));
    await read();
    expect(await read()).toEqual([]);
    expect(batches).toEqual([]);
    await take(pass(40));
    expect(told(await read())).toEqual([
      [40, 8],
      [40, 16],
    ]);
  });

  test('a source slower than its reader: each sample is handed on once, as it is', async () => {
    const { take, read } = onRead();
    const seen = [];
    for (const seconds of [10, 20]) {
      await take(pass(seconds));
      for (let i = 0; i < 3; i++) seen.push(...told(await read()));
    }
    expect(seen).toEqual([
      [10, 2],
      [10, 2],
      [20, 4],
      [20, 4],
    ]);
  });

  test('no reader at all: nothing is handed on', async () => {
    const { processor, take, passed } = onRead();
    await processor.start(undefined as never);
    for (let seconds = 10; seconds < 10_000; seconds += 10) await take(pass(seconds));
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(passed()).toEqual([]);
  });

  test('N = 1 is the last sample, whatever the function', async () => {
    for (const name of ['mean', 'last', 'min', 'max', 'sum', 'p50', 'p95', 'p99']) {
      const how = `{function: ${name}, samples: 1}`;
      const { take, read } = setUp(`{emit: on_read, rules: [], default: ${how}}`);
      for (const seconds of [10, 20, 30]) await take(pass(seconds));
      expect(told(await read()), name).toEqual([
        [30, 6],
        [30, 8],
      ]);
    }
  });

  test('N for each metric; the first rule that fits holds', async () => {
    const { take, read } = setUp(`
emit: on_read
rules:
  - {metrics: [container_cpu_usage_*], function: mean, samples: 2}
  - {metrics: [container_cpu_*, container_memory_usage_bytes], function: mean, samples: 5}`);
    for (const seconds of [10, 20, 30, 40, 50]) await take(pass(seconds));
    expect(told(await read())).toEqual([
      [45, 9],
      // 12.4 in whole bytes.
      [30, 12],
    ]);
  });

  test('two readers at once: the second waits for what the first was given', async () => {
    const { processor, take, passed } = onRead();
    await take(pass(10));
    const order: string[] = [];
    const first = processor.flush().then(() => order.push('first'));
    const second = processor.flush().then(() => order.push('second'));
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
    expect(passed()).toHaveLength(2);
  });

  test('what came on demand is handed on as that, what came by a timer is not', async () => {
    const { take, read, processor, batches } = onRead();
    await take([sample(CPU_SERIES, 10, 1)], true);
    await take([sample(MEMORY_SERIES, 10, 1)]);
    await processor.flush();
    expect(batches.map(({ onDemand, points }) => [onDemand, points[0]?.series])).toEqual([
      [false, MEMORY_SERIES],
      [true, CPU_SERIES],
    ]);
    await read();
  });
});

describe('on an interval', () => {
  test('it hands on at its own time, not when it is asked, and at the end', async () => {
    const { processor, take, passed, read } = setUp('interval: 30s');
    await processor.start(undefined as never);
    for (const seconds of [10, 20, 30]) {
      await take(pass(seconds), true);
      expect(await read()).toEqual([]);
    }
    await vi.advanceTimersByTimeAsync(30_000);
    expect(told(passed())).toEqual([
      [20, 4],
      [30, 8],
    ]);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(passed()).toEqual([]);
    await take(pass(40));
    await processor.shutdown();
    await processor.shutdown();
    expect(told(passed())).toEqual([
      [40, 8],
      [40, 16],
    ]);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(passed()).toEqual([]);
  });

  test('what it hands on stays with an exporter until there is more', async () => {
    const { processor, take, batches } = setUp('interval: 30s');
    await processor.start(undefined as never);
    await take(pass(10), true);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(batches.map(({ onDemand }) => onDemand)).toEqual([false]);
    await processor.shutdown();
  });
});

test('an end leaves at once, after the last sample of a counter, and nothing stays', async () => {
  const { take, passed, read } = setUp('emit: on_read');
  for (const seconds of [10, 20, 30]) await take(pass(seconds));
  const ends = [endedPoint(CPU_SERIES, sample(CPU_SERIES, 40, 0).time)];
  await take([...ends, sample(MEMORY_SERIES, 40, 16)]);
  const points = passed();
  expect(told(points)).toEqual([[30, 6], 'ended']);
  expect(points.every(({ series }) => series === CPU_SERIES)).toBe(true);
  expect(told(await read())).toEqual([[40, 16]]);
});
