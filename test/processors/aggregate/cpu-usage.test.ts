import { expect, test } from 'vitest';
import { DERIVED } from '../../../src/catalog/derived.ts';
import { endedPoint, type NumberPoint, type Point } from '../../../src/pdata/point.ts';
import { CPU_SERIES, START, sample, seriesOf, setUp, told } from './set-up.ts';

const ON = 'metrics: {container_cpu_usage_cores: {enabled: true}}';

function derived(yaml = `{emit: on_read, ${ON}}`) {
  const made = setUp(yaml);
  const only = (points: readonly Point[]) =>
    points.filter(({ series }) => series.descriptor === DERIVED.container_cpu_usage_cores);
  return {
    ...made,
    /** What is told of the usage after a sample. */
    async after(seconds: number, value: number, onDemand = false) {
      await made.take([sample(CPU_SERIES, seconds, value)], onDemand);
      return told(only(await made.read()));
    },
    only,
  };
}

test('it is off by default', async () => {
  const { after, batches } = derived('emit: on_read');
  await after(10, 1);
  expect(await after(20, 2)).toEqual([]);
  expect(batches).toEqual([]);
});

test('the gain over the time since it was told, in the labels of the workload', async () => {
  const { take, read, only } = derived();
  await take([sample(CPU_SERIES, 10, 1)]);
  expect(only(await read())).toEqual([]);
  for (const seconds of [20, 30, 40, 50]) await take([sample(CPU_SERIES, seconds, seconds / 4)]);
  const [point] = only(await read()) as NumberPoint[];
  expect(point).toMatchObject({ start: 0, time: START + 50_000, value: (12.5 - 1) / 40 });
  expect(point?.series.identity).toBe(CPU_SERIES.identity);
  expect(point?.series.labels).toEqual({});
});

test('no less than 10 s, whatever the reader does, and nothing is lost between', async () => {
  const { after } = derived();
  expect(await after(0, 0)).toEqual([]);
  expect(await after(1, 5)).toEqual([]);
  expect(await after(9.8, 5)).toEqual([]);
  expect(await after(9.999, 6)).toEqual([[9.999, 6 / 9.999]]);
  expect(await after(15, 7)).toEqual([]);
  expect(await after(25.999, 8)).toEqual([[25.999, 2 / 16]]);
});

test('one interval is enough where it is less than 10 s', async () => {
  const { processor, take, passed, only } = derived(`{interval: 5s, ${ON}}`);
  await take([sample(CPU_SERIES, 0, 0)]);
  await processor.shutdown();
  await take([sample(CPU_SERIES, 4, 1)]);
  await processor.shutdown();
  await take([sample(CPU_SERIES, 5, 10)]);
  await processor.shutdown();
  expect(told(only(passed()))).toEqual([[5, 2]]);
});

test('a counter that begins anew is counted from its first sample after that', async () => {
  const { after, take, read, only } = derived();
  await after(0, 100);
  expect(await after(10, 110)).toEqual([[10, 1]]);
  expect(await after(20, 5)).toEqual([]);
  expect(await after(30, 10)).toEqual([[30, 0.5]]);
  const start = START + 32_000;
  const anew = (seconds: number, value: number) => ({
    ...sample(CPU_SERIES, seconds, value),
    start,
  });
  await take([anew(35, 50), anew(45, 52)]);
  expect(told(only(await read()))).toEqual([[45, 0.2]]);
});

test('no time, no gain: samples of one time and late ones tell nothing', async () => {
  const { after } = derived();
  await after(0, 0);
  await after(10, 10);
  expect(await after(10, 20)).toEqual([]);
  expect(await after(5, 30)).toEqual([]);
  // The clock stood still while 10 s were used; they belong to no time.
  expect(await after(20, 25)).toEqual([[20, 0.5]]);
});

test('on demand the last one is told again, with its time, until there is news', async () => {
  const { after } = derived();
  await after(0, 0, true);
  expect(await after(10, 5, true)).toEqual([[10, 0.5]]);
  expect(await after(12, 9, true)).toEqual([[10, 0.5]]);
  expect(await after(20, 9, true)).toEqual([[20, 0.4]]);
});

test('it ends with its counter, if it was told', async () => {
  const { after, take, passed, only } = derived();
  await after(0, 0);
  await take([endedPoint(CPU_SERIES, START + 1000)]);
  expect(only(passed())).toEqual([]);
  await after(10, 0);
  await after(20, 1);
  await take([endedPoint(CPU_SERIES, START + 21_000)]);
  expect(told(only(passed()))).toEqual(['ended']);
});

test('a single CPU has none', async () => {
  const { take, read } = derived();
  const series = seriesOf(CPU_SERIES.descriptor, { cpu: 'cpu00' });
  await take([sample(series, 0, 1), sample(series, 10, 2), sample(series, 20, 3)]);
  expect((await read()).map((point) => point.series)).toEqual([series]);
});
