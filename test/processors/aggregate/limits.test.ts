import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { endedPoint, type Point } from '../../../src/pdata/point.ts';
import { CPU_SERIES, MEMORY_SERIES, START, sample, seriesOf, setUp, told } from './set-up.ts';

test('points of more series than max_series are dropped, counted and said, until there is room', async () => {
  const { take, passed, read, metrics, log } = setUp('{emit: on_read, max_series: 1}');
  const both = [sample(CPU_SERIES, 10, 1), sample(MEMORY_SERIES, 10, 2)];
  await take(both);
  await take(both);
  expect(told(await read())).toEqual([[10, 1]]);
  expect(metrics.values()).toMatchObject({
    'sandgauge_processor_dropped_points{processor="aggregate",reason="max_series"}': 2,
  });
  expect(log).toEqual(['Points are dropped: there are more series than max_series']);
  await take([endedPoint(CPU_SERIES, START + 20_000)]);
  expect(told(passed())).toEqual(['ended']);
  await take([sample(MEMORY_SERIES, 20, 3)]);
  expect(told(await read())).toEqual([[20, 3]]);
  expect(log.at(-1)).toBe('There is room for all series again');
});

test('10,000 workloads that come and go leave memory flat', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  const { take, read, batches, metrics } = setUp(
    '{emit: on_read, max_series: 2000, metrics: {container_cpu_usage_cores: {enabled: true}}}',
  );
  const heapBytes: number[] = [];
  let seconds = 0;
  for (let generation = 0; generation < 50; generation++) {
    const series = Array.from({ length: 200 }, (_, i) => {
      const identity = Object.freeze({ id: `/pod-${generation}-${i}`, name: 'x'.repeat(64) });
      return [
        seriesOf(CPU_SERIES.descriptor, CPU_SERIES.labels, identity),
        seriesOf(MEMORY_SERIES.descriptor, {}, identity),
      ];
    }).flat();
    for (let pass = 0; pass < 4; pass++) {
      seconds += 10;
      await take(series.map((each) => sample(each, seconds, seconds)));
      if (pass % 2 === 1) expect((await read()).length).toBeGreaterThanOrEqual(400);
    }
    const ends: Point[] = series.map((each) => endedPoint(each, START + seconds * 1000));
    await take(ends);
    // An end of each counter's usage besides.
    expect(batches.splice(0).flatMap(({ points }) => points)).toHaveLength(600);
    expect(await read()).toEqual([]);
    collectGarbage();
    heapBytes.push(process.memoryUsage().heapUsed);
  }
  expect((heapBytes[49] as number) - (heapBytes[9] as number)).toBeLessThan(500_000);
  const dropped = Object.entries(metrics.values()).filter(([name]) => /dropped/.test(name));
  expect(dropped.map(([, count]) => count)).toEqual(dropped.map(() => 0));
});

test.each([
  ['rules: [{metrics: [a], samples: 0}]', 'rules::0::samples: must be between 1 and 1000'],
  ['default: {samples: 2000}', 'default::samples: must be between 1 and 1000'],
  ['rules: [{metrics: [a], function: median}]', 'function: expected one of: mean, last, min, max'],
  ['rules: [{function: mean}]', 'rules::0::metrics: needs globs, such as container_cpu_*'],
  ['rules: [{metrics: [a, ""]}]', 'rules::0::metrics: needs globs'],
  ['default: {time_weighted: true}', 'default::time_weighted: is for function: mean, not last'],
  ['emit: always', 'emit: expected one of: interval, on_read'],
  ['interval: 0s', 'interval: must be more than 0s and at most 24h'],
  ['interval: 25h', 'interval: must be more than 0s and at most 24h'],
  ['{emit: on_read, interval: 10s}', 'interval: is for emit: interval; take it out, or on_read'],
  ['max_series: 0', 'max_series: must be between 1'],
  ['metrics: {container_cpu_usage: {}}', 'metrics'],
])('%s is refused', (yaml, reason) => {
  expect(() => setUp(yaml)).toThrow(reason);
});
