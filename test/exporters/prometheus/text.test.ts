import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { CPU } from '../../../src/catalog/cpu.ts';
import { LIFETIME } from '../../../src/catalog/lifetime.ts';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { createChunkPool } from '../../../src/exporters/prometheus/chunks.ts';
import { createLabelTexts } from '../../../src/exporters/prometheus/labels.ts';
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

test('OpenMetrics names counters by what stands before _total and ends with EOF', async () => {
  const { accept, store } = setUp();
  const series = createSeries(CPU.container_cpu_usage_seconds_total, NODE, NO_LABELS, RESOURCE);
  const plain = { ...CPU.container_cpu_usage_seconds_total, name: 'hits', unit: '', help: 'a "b"' };
  accept(1, true, numberPoint(series, 0, 1234, 2.5));
  accept(1, true, numberPoint(createSeries(plain, NODE, NO_LABELS, RESOURCE), 0, 1000, 7));
  const options = { generation: 1, timestamps: true, openMetrics: true };
  const chunks = await renderText(store.families(), options, createChunkPool());
  expect(Buffer.concat(chunks).toString()).toBe(
    [
      `# HELP container_cpu_usage_seconds ${CPU.container_cpu_usage_seconds_total.help}`,
      '# TYPE container_cpu_usage_seconds counter',
      '# UNIT container_cpu_usage_seconds seconds',
      'container_cpu_usage_seconds_total{id="/"} 2.5 1.234',
      '# HELP hits a \\"b\\"',
      '# TYPE hits counter',
      'hits_total{id="/"} 7 1',
      '# EOF',
      '',
    ].join('\n'),
  );
});

test('names of other letters are quoted or escaped, as the scraper takes them', async () => {
  const { accept, store } = setUp();
  const dotted = { ...MEMORY.container_memory_rss, name: 'container.memory.rss' };
  const labels = Object.freeze({ 'k8s.pod': 'p', k8s_pod: 'q' });
  accept(1, true, numberPoint(createSeries(dotted, labels, NO_LABELS, RESOURCE), 0, 1, 3));
  accept(1, true, numberPoint(createSeries(dotted, {}, { 'a.b': 'c' }, RESOURCE), 0, 1, 4));
  const rows = async (utf8: boolean) => {
    const options = { generation: 1, timestamps: false, utf8 };
    const chunks = await renderText(store.families(), options, createChunkPool());
    return Buffer.concat(chunks).toString().split('\n').slice(1, -1);
  };
  expect(await rows(true)).toEqual([
    '# TYPE "container.memory.rss" gauge',
    '{"container.memory.rss","k8s.pod"="p",k8s_pod="q"} 3',
    '{"container.memory.rss","a.b"="c"} 4',
  ]);
  expect(await rows(false)).toEqual([
    '# TYPE container_memory_rss gauge',
    'container_memory_rss{k8s_pod="p;q"} 3',
    'container_memory_rss{a_b="c"} 4',
  ]);
});

test('series over the bound are refused and counted; an ended one makes room', async () => {
  const counters = { duplicates: { add: vi.fn() }, overflow: { add: vi.fn() } };
  const store = createStore(counters.duplicates, { maxSeries: 2, overflow: counters.overflow });
  const made = [1, 2, 3].map((i) => {
    const identity = Object.freeze({ id: `/${i}` });
    return createSeries(MEMORY.container_memory_rss, identity, NO_LABELS, RESOURCE);
  });
  const accept = (...points: Point[]) =>
    store.accept({ source: 'test', onDemand: false, points }, 0);
  const points = made.map((series) => numberPoint(series, 0, 1, 1));
  const size = () => store.families()[0]?.entries.size;
  accept(...points);
  accept(...points);
  expect([size(), counters.overflow.add.mock.calls.length]).toEqual([2, 2]);
  accept(endedPoint(points[0]?.series as never, 2), ...points.slice(1));
  expect([size(), counters.overflow.add.mock.calls.length]).toEqual([2, 2]);
  store.expire(performance.now() + 1);
  accept(...points);
  expect(size()).toBe(2);
});

test('a metric whose name another type has is refused and counted', async () => {
  const conflicts = { add: vi.fn() };
  const store = createStore({ add() {} }, { conflicts });
  const other = { ...MEMORY.container_memory_rss, type: 'sum', monotonic: true } as const;
  const same = { ...MEMORY.container_memory_rss, help: 'another' };
  const points = [MEMORY.container_memory_rss, other, same].map((descriptor, i) =>
    numberPoint(createSeries(descriptor, { id: `/${i}` }, NO_LABELS, RESOURCE), 0, 1, i),
  );
  store.accept({ source: 'test', onDemand: false, points }, 0);
  expect(store.families()).toHaveLength(1);
  expect(store.families()[0]?.entries.size).toBe(2);
  expect(conflicts.add).toHaveBeenCalledTimes(1);
});

test('deltas are refused and counted: as counters they would be false', () => {
  const deltas = { add: vi.fn() };
  const store = createStore({ add() {} }, { deltas });
  const delta = { ...CPU.container_cpu_usage_seconds_total, temporality: 'delta' } as const;
  const points = [point(1, delta), point(2, delta), point(3)];
  store.accept({ source: 'test', onDemand: false, points }, 0);
  expect(store.families().map(({ name }) => name)).toEqual(['container_memory_rss']);
  expect(deltas.add).toHaveBeenCalledTimes(2);
});

test("a series' own label wins over one that the options add", async () => {
  const labels = createLabelTexts({
    constant: { cpu: 'no', x: 'y' },
    resource: false,
    keepLetters: true,
  });
  const series = createSeries(MEMORY.container_memory_rss, NODE, { cpu: 'total' }, RESOURCE);
  expect(labels.shared(series).text).toBe('x="y",id="/"');
});
