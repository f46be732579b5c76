import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { CPU } from '../../../src/catalog/cpu.ts';
import { LIFETIME } from '../../../src/catalog/lifetime.ts';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { createChunkPool } from '../../../src/exporters/prometheus/chunks.ts';
import { writeNumber } from '../../../src/exporters/prometheus/numbers.ts';
import { createStore } from '../../../src/exporters/prometheus/store.ts';
import { renderText } from '../../../src/exporters/prometheus/text.ts';
import { endedPoint, numberPoint, type Point } from '../../../src/pdata/point.ts';
import { createSeries, NO_LABELS } from '../../../src/pdata/series.ts';

const RESOURCE = { attributes: {} };
const NODE = Object.freeze({ id: '/' });

function setUp() {
  const duplicates = { add: vi.fn() };
  const store = createStore(duplicates);
  const accept = (generation: number, onDemand: boolean, ...points: Point[]) =>
    store.accept({ source: 'test', onDemand, points }, generation);
  const text = async (generation = 0, timestamps = false) =>
    Buffer.concat(await renderText(store.families(), { generation, timestamps }, createChunkPool()))
      .toString()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  return { duplicates, store, accept, text };
}

function point(
  value: number,
  metric: Parameters<typeof createSeries>[0] = MEMORY.container_memory_rss,
) {
  return numberPoint(createSeries(metric, NODE, NO_LABELS, RESOURCE), 0, 1234, value);
}

test('any double is printed so that it reads back as itself', () => {
  const bytes = Buffer.alloc(64);
  const print = (value: number) => bytes.toString('latin1', 0, writeNumber(bytes, 0, value));
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(print(value)) === value).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.constantFrom(1, 100, 1e6, 1e9), (whole, unit) => {
      expect(print(whole / unit)).toMatch(/^\d+(\.\d*[1-9])?(e[-+]\d+)?$/);
      expect(Number(print(whole / unit))).toBe(whole / unit);
    }),
  );
  expect([0, 1048576, 0.19, Number.POSITIVE_INFINITY].map(print)).toEqual([
    '0',
    '1048576',
    '0.19',
    '+Inf',
  ]);
});

test('label values are escaped, whatever they hold', async () => {
  const { accept, text } = setUp();
  const identity = Object.freeze({ id: '/a"b\\c\nd', name: 'é' });
  const series = createSeries(
    CPU.container_cpu_usage_seconds_total,
    identity,
    { cpu: 'total' },
    RESOURCE,
  );
  accept(1, true, numberPoint(series, 0, 1, 0.5));
  expect(await text()).toEqual([
    'container_cpu_usage_seconds_total{id="/a\\"b\\\\c\\nd",name="é",cpu="total"} 0.5',
  ]);
});

test('on demand, a scrape gets nothing that its own collection did not deliver', async () => {
  const { accept, text } = setUp();
  const first = point(1);
  accept(1, true, first);
  expect(await text(1)).toHaveLength(1);
  expect(await text(2)).toEqual([]);
  accept(2, true, numberPoint(first.series, 0, 2, 5));
  expect(await text(2)).toEqual(['container_memory_rss{id="/"} 5']);
});

test('a timed source stays until it expires; an ended series goes at once', async () => {
  const { accept, text, store } = setUp();
  const [rss, cache] = [point(1), point(2, MEMORY.container_memory_cache)];
  accept(0, false, rss, cache);
  expect(await text(9)).toHaveLength(2);
  accept(0, false, endedPoint(rss.series, 1));
  expect(await text(9)).toHaveLength(1);
  store.expire(performance.now() + 1);
  expect(await text(9)).toEqual([]);
});

test('what another exporter asked for expires too where nobody asks', async () => {
  const { accept, text, store } = setUp();
  accept(0, true, point(1));
  expect(await text(0)).toHaveLength(1);
  store.expire(performance.now() + 1);
  expect(await text(0)).toEqual([]);
});

test('two series with the same name and labels: the first stays, the other is counted', async () => {
  const { accept, text, duplicates } = setUp();
  const [one, two] = [point(1), point(2)];
  accept(1, true, one, two);
  expect(await text(1)).toEqual(['container_memory_rss{id="/"} 1']);
  expect(duplicates.add).toHaveBeenCalledTimes(1);
  accept(2, true, endedPoint(one.series, 2), two);
  expect(await text(2)).toEqual(['container_memory_rss{id="/"} 2']);
});

test('timestamps stand on timed rows only', async () => {
  const { accept, text } = setUp();
  accept(1, true, point(7), point(9, LIFETIME.container_start_time_seconds));
  expect(await text(1, true)).toEqual(
    ['container_memory_rss{id="/"} 7 1234', 'container_start_time_seconds{id="/"} 9'].sort(),
  );
});

test('histograms and summaries are printed with their parts', async () => {
  const { accept, text } = setUp();
  const describe = (type: 'histogram' | 'summary') => ({
    ...MEMORY.container_memory_rss,
    name: type,
    type,
  });
  const base = { start: 0, time: 1, count: 3, sum: 6, flags: 0 };
  const series = (type: 'histogram' | 'summary') =>
    createSeries(describe(type), NODE, NO_LABELS, RESOURCE);
  accept(
    1,
    true,
    { kind: 'histogram', series: series('histogram'), ...base, bounds: [1, 2], counts: [1, 1, 1] },
    { kind: 'summary', series: series('summary'), ...base, quantiles: [[0.5, 2]] },
  );
  expect(await text(1)).toEqual([
    'histogram_bucket{id="/",le="1"} 1',
    'histogram_bucket{id="/",le="2"} 2',
    'histogram_bucket{id="/",le="+Inf"} 3',
    'histogram_sum{id="/"} 6',
    'histogram_count{id="/"} 3',
    'summary{id="/",quantile="0.5"} 2',
    'summary_sum{id="/"} 6',
    'summary_count{id="/"} 3',
  ]);
});
