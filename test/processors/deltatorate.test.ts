import { expect, test } from 'vitest';
import { endedPoint } from '../../src/pdata/point.ts';
import { deltatorate } from '../../src/processors/deltatorate/factory.ts';
import { at, counter, NOW, runProcessor, seriesOf, shown } from '../support/processor.ts';

const DELTA = seriesOf(counter({ temporality: 'delta' }));
const run = (yaml = 'metrics: [bytes]') => runProcessor(deltatorate, yaml);

test('a delta becomes a gauge of so much each second, and its end an end', async () => {
  const { pass } = await run();
  const [rate] = await pass(at(DELTA, 10, 25));
  expect(rate).toMatchObject({ value: 2.5, start: NOW, time: NOW + 10_000 });
  expect(rate?.series.descriptor).toMatchObject({
    ...{ name: 'bytes', type: 'gauge', monotonic: false, temporality: 'unspecified' },
    ...{ valueType: 'double', unit: 'By/s' },
  });
  const [again, ended] = await pass(
    at(DELTA, 20, 0, NOW + 10_000),
    endedPoint(DELTA, NOW + 30_000),
  );
  expect(again).toMatchObject({ value: 0 });
  expect(again?.series).toBe(rate?.series);
  expect(ended?.series).toBe(rate?.series);
  expect(shown([ended as never])).toEqual(['bytes{id=/a} ended']);
});

test('an interval that is not known or is none has no rate, which is counted', async () => {
  const { pass, dropped } = await run();
  expect(await pass(at(DELTA, 10, 5, 0))).toEqual([]);
  expect(await pass(at(DELTA, 10, 5, NOW + 10_000), at(DELTA, 10, 5, NOW + 11_000))).toEqual([]);
  expect(await pass(at(DELTA, 10, Number.NaN))).toEqual([]);
  expect(dropped('invalid')).toBe(4);
});

test('what is no delta sum stays as it is, which is said once; what is not named is not looked at', async () => {
  const { pass, log } = await run();
  const cumulative = at(seriesOf(counter()), 10, 5);
  const histogram = at(seriesOf(counter({ type: 'histogram', temporality: 'delta' })), 10, 5);
  const other = at(seriesOf(counter({ name: 'other', temporality: 'delta' })), 10, 5);
  for (const point of [cumulative, histogram, other]) expect((await pass(point))[0]).toBe(point);
  expect(log).toEqual(['A metric is no delta sum: it stays as it is']);
});

test.each(['', 'metrics: []', 'metrics: [""]'])('%j is refused', async (yaml) => {
  await expect(run(yaml)).rejects.toThrow('processors::deltatorate::metrics: needs names');
});
