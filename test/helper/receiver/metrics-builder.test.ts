import { expect, test, vi } from 'vitest';
import { CPU } from '../../../src/catalog/cpu.ts';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { createMetricsBuilder } from '../../../src/helper/receiver/metrics-builder.ts';
import { isEnded } from '../../../src/pdata/point.ts';
import { NO_LABELS } from '../../../src/pdata/series.ts';

const RESOURCE = { attributes: {} };
const TEMPLATES = [
  { descriptor: CPU.container_cpu_user_seconds_total, labels: NO_LABELS },
  { descriptor: MEMORY.container_memory_rss, labels: NO_LABELS },
];

function setUp() {
  const dropped = { add: vi.fn() };
  const builder = createMetricsBuilder(RESOURCE, dropped);
  const recorder = builder.recorder(TEMPLATES, { id: '/a' }, 5);
  const pass = (now: number, ...values: (number | undefined)[]) => {
    builder.begin(now);
    for (const [slot, value] of values.entries()) recorder.record(slot, value);
    return builder.finish().map((p) => [p.kind === 'number' && p.value, p.time, isEnded(p)]);
  };
  return { dropped, builder, recorder, pass };
}

test('a counter that goes back is dropped and counted, and takes up again where it was', () => {
  const { dropped, pass } = setUp();
  expect(pass(10, 4)).toEqual([[4, 10, false]]);
  expect(pass(20, 3.9)).toEqual([[0, 20, true]]);
  expect(dropped.add).toHaveBeenCalledTimes(1);
  expect(pass(30, 4)).toEqual([[4, 30, false]]);
});

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('%s never leaves', (value) => {
  const { dropped, pass } = setUp();
  expect(pass(10, 1, value)).toEqual([[1, 10, false]]);
  expect(dropped.add).toHaveBeenCalledTimes(1);
});

test('unknown is absent, and a series that was there ends once', () => {
  const { pass } = setUp();
  expect(pass(10, 1, 8)).toHaveLength(2);
  expect(pass(20, 1, undefined)).toEqual([
    [0, 20, true],
    [1, 20, false],
  ]);
  expect(pass(30, 1, undefined)).toEqual([[1, 30, false]]);
});

test('time never goes back, and only sums have a start', () => {
  const { builder, recorder, pass } = setUp();
  pass(100, 1, 1);
  builder.begin(50);
  recorder.record(0, 1);
  recorder.record(1, 0);
  expect(builder.finish().map(({ time, start }) => [time, start])).toEqual([
    [100, 5],
    [100, 0],
  ]);
});

test('a new life of the same workload ends the old series and starts a new one', () => {
  const { builder, recorder, pass, dropped } = setUp();
  pass(10, 9);
  builder.drop(recorder);
  const next = builder.recorder(TEMPLATES, { id: '/a' }, 11);
  builder.begin(20);
  next.record(0, 1);
  const [ended, fresh] = builder.finish();
  expect(ended && isEnded(ended)).toBe(true);
  expect(fresh).toMatchObject({ start: 11, value: 1 });
  expect(fresh?.series).not.toBe(ended?.series);
  expect(dropped.add).not.toHaveBeenCalled();
});
