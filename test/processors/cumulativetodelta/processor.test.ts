import { describe, expect, test } from 'vitest';
import { endedPoint, type HistogramPoint, type Point } from '../../../src/pdata/point.ts';
import { cumulativetodelta } from '../../../src/processors/cumulativetodelta/factory.ts';
import { createMemory } from '../../../src/processors/cumulativetodelta/memory.ts';
import { at, counter, NOW, runProcessor, seriesOf } from '../../support/processor.ts';

const BYTES = seriesOf(counter());
const run = (yaml = '') => runProcessor(cumulativetodelta, yaml);

/** [value, start, time], the latter two in seconds after NOW. */
function deltas(points: readonly Point[]) {
  return points.map((point) => {
    if (point.flags !== 0) return 'ended';
    const [start, time] = [point.start, point.time].map((each) => (each - NOW) / 1000);
    return [point.kind === 'number' ? point.value : point.count, start, time];
  });
}

test('a counter becomes what it gained since the last time', async () => {
  const { pass } = await run();
  const [first] = await pass(at(BYTES, 10, 2 ** 53 - 9));
  expect(deltas([first as Point])).toEqual([[2 ** 53 - 9, 0, 10]]);
  expect(first?.series.descriptor).toMatchObject({
    ...{ name: 'bytes', type: 'sum', monotonic: true, temporality: 'delta', valueType: 'int' },
  });
  const [second] = await pass(at(BYTES, 20, 2 ** 53 - 2));
  expect(deltas([second as Point])).toEqual([[7, 10, 20]]);
  expect(second?.series).toBe(first?.series);
  expect(deltas(await pass(at(BYTES, 30, 2 ** 53 - 2)))).toEqual([[0, 20, 30]]);
});

describe('the first value', () => {
  test.each<[string, start: number, handedOn: boolean]>([
    ['auto', NOW, true],
    ['auto', NOW - 1, false],
    ['auto', 0, false],
    ['auto', NOW + 10_000, false],
    ['keep', NOW - 1, true],
    ['keep', 0, true],
    ['drop', NOW, false],
  ])('%s, of a source that began at %d', async (initial, start, handedOn) => {
    const { pass } = await run(`initial_value: ${initial}`);
    const expected = handedOn ? [[5, (start - NOW) / 1000, 10]] : [];
    expect(deltas(await pass(at(BYTES, 10, 5, start)))).toEqual(expected);
    expect(deltas(await pass(at(BYTES, 20, 8, start)))).toEqual([[3, 10, 20]]);
  });
});

describe('a source that begins anew', () => {
  test('with a new start: all that it counted since is new', async () => {
    const { pass } = await run();
    await pass(at(BYTES, 10, 100));
    expect(deltas(await pass(at(BYTES, 20, 4, NOW + 15_000)))).toEqual([[4, 15, 20]]);
    expect(deltas(await pass(at(BYTES, 30, 6, NOW + 15_000)))).toEqual([[2, 20, 30]]);
    expect(deltas(await pass(at(BYTES, 40, 900, NOW + 35_000)))).toEqual([[900, 35, 40]]);
  });

  test('a start that moves, but not past the last value, is no new counter', async () => {
    const { pass } = await run();
    await pass(at(BYTES, 10, 100));
    expect(deltas(await pass(at(BYTES, 20, 104, NOW + 9_000)))).toEqual([[4, 10, 20]]);
    expect(deltas(await pass(at(BYTES, 30, 3, NOW + 19_000)))).toEqual([[3, 20, 30]]);
  });

  test('without one: what it gained is not known, which is counted', async () => {
    const { pass, dropped } = await run();
    await pass(at(BYTES, 10, 100));
    expect(await pass(at(BYTES, 20, 40))).toEqual([]);
    expect(dropped('reset')).toBe(1);
    expect(deltas(await pass(at(BYTES, 30, 42)))).toEqual([[2, 20, 30]]);
  });
});

test('late values and no numbers are counted, and lose nothing', async () => {
  const { pass, dropped } = await run();
  await pass(at(BYTES, 10, 100));
  expect(await pass(at(BYTES, 10, 103), at(BYTES, 5, 50), at(BYTES, 11, Number.NaN))).toEqual([]);
  expect([dropped('late'), dropped('invalid')]).toEqual([2, 1]);
  expect(deltas(await pass(at(BYTES, 20, 110)))).toEqual([[10, 10, 20]]);
});

describe('ends', () => {
  test('pass on; a series that comes again goes on from its last value, also as another object', async () => {
    const { pass } = await run();
    await pass(at(BYTES, 10, 100));
    const [ended] = await pass(endedPoint(BYTES, NOW + 20_000));
    expect(deltas([ended as Point])).toEqual(['ended']);
    expect(ended?.series.descriptor.temporality).toBe('delta');
    expect(deltas(await pass(at(BYTES, 30, 107)))).toEqual([[7, 10, 30]]);
    await pass(endedPoint(BYTES, NOW + 40_000));
    const again = seriesOf(counter());
    expect(deltas(await pass(at(again, 50, 109)))).toEqual([[2, 30, 50]]);
    await pass(endedPoint(again, NOW + 60_000));
    expect(deltas(await pass(at(seriesOf(counter()), 80, 3, NOW + 70_000)))).toEqual([[3, 70, 80]]);
  });

  test('only so many are remembered; what may be forgotten is told', () => {
    const memory = createMemory(2);
    const all = [1, 2, 3].map((i) => seriesOf(counter(), { i: String(i) }));
    for (const [i, series] of all.entries()) {
      memory.keep(at(series, 10 + i, i));
      memory.end(series);
    }
    expect(memory.forgottenUntil).toBe(NOW + 10_000);
    expect(all.map((series) => memory.last(series)?.kind)).toEqual([undefined, 'number', 'number']);
  });
});

test('max_staleness: an old value counts no more, and auto does not hand the total on again', async () => {
  const { pass } = await run('max_staleness: 15s');
  await pass(at(BYTES, 10, 100));
  expect(deltas(await pass(at(BYTES, 25, 101)))).toEqual([[1, 10, 25]]);
  expect(await pass(at(BYTES, 41, 105))).toEqual([]);
  expect(deltas(await pass(at(BYTES, 50, 106)))).toEqual([[1, 41, 50]]);
});

describe('histograms', () => {
  const series = seriesOf(counter({ name: 'latency', type: 'histogram', monotonic: false }));
  const histogram = (seconds: number, counts: number[], changes: Partial<HistogramPoint> = {}) =>
    ({
      ...{ kind: 'histogram', series, start: NOW, time: NOW + seconds * 1000, flags: 0 },
      ...{ counts, bounds: [1, 2], count: counts.reduce((a, b) => a + b, 0), sum: 10 * seconds },
      ...changes,
    }) satisfies HistogramPoint as HistogramPoint;

  test('each bucket becomes what it gained', async () => {
    const { pass } = await run();
    await pass(histogram(1, [1, 2, 3]));
    expect(await pass(histogram(2, [1, 5, 4]))).toMatchObject([
      { count: 4, sum: 10, counts: [0, 3, 1], bounds: [1, 2], start: NOW + 1000 },
    ]);
  });

  test.each<[string, HistogramPoint]>([
    ['a bucket goes back', histogram(2, [0, 9, 9])],
    ['bounds are others', histogram(2, [2, 9, 9], { bounds: [1, 3] })],
    ['buckets are more', histogram(2, [2, 9, 9, 9], { bounds: [1, 2] })],
  ])('%s: not known, unless it began anew', async (_, next) => {
    const { pass, dropped } = await run();
    await pass(histogram(1, [1, 2, 3]));
    expect(await pass(next)).toEqual([]);
    expect(dropped('reset')).toBe(1);
    const { pass: passNew } = await run();
    await passNew(histogram(1, [1, 2, 3]));
    expect(await passNew({ ...next, start: NOW + 1500 })).toMatchObject([{ count: next.count }]);
  });
});

describe('what is not converted is the same point', () => {
  const gauge = seriesOf(counter({ type: 'gauge', monotonic: false, temporality: 'unspecified' }));
  const all = {
    gauge,
    up_and_down: seriesOf(counter({ monotonic: false })),
    delta: seriesOf(counter({ temporality: 'delta' })),
  };
  test.each(Object.entries(all))('%s', async (_, series) => {
    const { pass } = await run();
    const points = [at(series, 1, 5), endedPoint(series, NOW + 2)];
    const out = await pass(...points);
    expect(out[0]).toBe(points[0]);
    expect(out[1]).toBe(points[1]);
  });

  test.each<[string, boolean]>([
    ['include: {metrics: [bytes]}', true],
    ['include: {metrics: [other]}', false],
    ['include: {match_type: regexp, metrics: ["^by"]}', true],
    ['include: {metric_types: [histogram]}', false],
    ['include: {metric_types: [sum]}, exclude: {match_type: regexp, metrics: [tes]}', false],
    ['exclude: {metric_types: [sum]}', false],
    ['exclude: {metrics: [byte]}', true],
  ])('%s: %s', async (yaml, isConverted) => {
    const { pass } = await run(`{${yaml}}`);
    const [out] = await pass(at(BYTES, 1, 5));
    expect(out?.series.descriptor.temporality).toBe(isConverted ? 'delta' : 'cumulative');
  });
});

test.each([
  ['initial_value: none', 'expected one of'],
  ['include: {match_type: regexp, metrics: ["("]}', 'include::metrics: Invalid regular expression'],
  ['exclude: {metric_types: [gauge]}', 'expected one of'],
])('%s is refused', async (yaml, reason) => {
  await expect(run(yaml)).rejects.toThrow(reason);
});
