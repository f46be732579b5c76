import { expect, test } from 'vitest';
import { counter, gauge, histogram, metricSet, summary } from '../../../src/catalog/metric.ts';
import { endedPoint, numberPoint, type Point } from '../../../src/pdata/point.ts';
import { createSeries, type Labels, type Resource } from '../../../src/pdata/series.ts';
import { createEncoding } from './running.ts';

const NODE: Resource = { attributes: { 'host.name': 'node-1' } };
const IDENTITY = { id: '/a', image: '', pod: 'p' };
const METRICS = metricSet('x', {
  container_memory_rss: gauge('Resident', { unit: 'By' }),
  container_cpu_usage_seconds: counter('CPU', { valueType: 'double' }),
  lag_seconds: histogram('Lag'),
  pause_seconds: summary('Pause'),
  'kata.guest-load': gauge('Load'),
});
const { container_memory_rss: MEMORY, container_cpu_usage_seconds: CPU } = METRICS;
const { lag_seconds: HISTOGRAM, pause_seconds: SUMMARY } = METRICS;
const T = 1_760_000_000_000;

const seriesOf = (descriptor = MEMORY, labels: Labels = {}, resource = NODE, identity = IDENTITY) =>
  createSeries(descriptor, identity, labels, resource);

test('a point: labels without the empty ones, sorted, with the time of its read', async () => {
  const { requestsOf } = await createEncoding();
  const series = seriesOf(MEMORY, { cpu: 'total', Zone: 'z' });
  const [request] = requestsOf([numberPoint(series, 0, T + 0.4, 5.5)]);
  expect(request).toEqual({
    series: [
      {
        labels: [
          ['Zone', 'z'],
          ['__name__', 'container_memory_rss'],
          ['cpu', 'total'],
          ['id', '/a'],
          ['pod', 'p'],
        ],
        samples: [{ value: 5.5, time: T }],
      },
    ],
    ...{ metadata: [], count: 1 },
  });
});

test('a series that ended is marked stale, once', async () => {
  const { rowsOf } = await createEncoding();
  const series = seriesOf();
  rowsOf([numberPoint(series, 0, T, 1)]);
  const row = 'container_memory_rss{id="/a",pod="p"}';
  expect(rowsOf([endedPoint(series, T + 1000)])).toEqual({
    [row]: [{ value: 'stale', time: T + 1000 }],
  });
  expect(rowsOf([endedPoint(series, T + 2000)])).toEqual({});
});

test('an end at the time of the last sample comes behind it', async () => {
  const { rowsOf } = await createEncoding();
  const series = seriesOf();
  rowsOf([numberPoint(series, 0, T, 1)]);
  expect(Object.values(rowsOf([endedPoint(series, T)]))).toEqual([
    [{ value: 'stale', time: T + 1 }],
  ]);
});

test('a series that goes on under another object is not marked stale', async () => {
  const { rowsOf, count } = await createEncoding();
  const before = seriesOf();
  const after = seriesOf();
  rowsOf([numberPoint(before, 0, T, 9)]);
  const points = [endedPoint(before, T + 1000), numberPoint(after, 0, T + 1000, 1)];
  expect(Object.values(rowsOf(points))).toEqual([[{ value: 1, time: T + 1000 }]]);
  expect(Object.values(rowsOf([endedPoint(after, T + 2000)]))).toEqual([
    [{ value: 'stale', time: T + 2000 }],
  ]);
  expect(count('sandgauge_exporter_refused_points')).toBe(0);
});

test('a batch of several passes: a series that speaks and then ends has ended', async () => {
  const { rowsOf } = await createEncoding();
  const [before, after] = [seriesOf(), seriesOf()];
  rowsOf([numberPoint(before, 0, T, 1)]);
  const passes = [
    numberPoint(before, 0, T + 1000, 2),
    ...[endedPoint(before, T + 2000), numberPoint(after, 0, T + 2000, 3)],
    endedPoint(after, T + 3000),
  ];
  expect(Object.values(rowsOf(passes))).toEqual([
    [
      { value: 2, time: T + 1000 },
      { value: 3, time: T + 2000 },
      { value: 'stale', time: T + 3000 },
    ],
  ]);
});

test('the same labels twice: the first stays, the other is counted, and its end ends nothing', async () => {
  const { rowsOf, count, log } = await createEncoding();
  const [one, other] = [seriesOf(), seriesOf()];
  expect(Object.values(rowsOf([numberPoint(one, 0, T, 1), numberPoint(other, 0, T, 2)]))).toEqual([
    [{ value: 1, time: T }],
  ]);
  expect(count('sandgauge_exporter_duplicate_points')).toBe(1);
  expect(rowsOf([endedPoint(other, T + 1)])).toEqual({});
  rowsOf([endedPoint(one, T + 2)]);
  // Nobody has it any more.
  expect(Object.values(rowsOf([numberPoint(other, 0, T + 3, 2)]))).toEqual([
    [{ value: 2, time: T + 3 }],
  ]);
  expect(log.filter((line) => line.includes('another series has'))).toHaveLength(1);
});

test('what is not later than the last is refused; what a source repeats is left out', async () => {
  const { rowsOf, count } = await createEncoding();
  const series = seriesOf();
  rowsOf([numberPoint(series, 0, T, 1)]);
  expect(rowsOf([numberPoint(series, 0, T, 1)])).toEqual({});
  expect(count('sandgauge_exporter_refused_points')).toBe(0);
  expect(rowsOf([numberPoint(series, 0, T, 2)])).toEqual({});
  expect(rowsOf([numberPoint(series, 0, T - 1, 1)])).toEqual({});
  expect(count('sandgauge_exporter_refused_points', 'late')).toBe(2);
});

test('several samples of a series in a batch stand in one series, in order', async () => {
  const { requestsOf } = await createEncoding('max_batch_size_bytes: 1024');
  const many = Array.from({ length: 30 }, (_, i) => seriesOf(MEMORY, { cpu: `${i}` }));
  const points = [0, 1, 2].flatMap((k) => many.map((each, i) => numberPoint(each, 0, T + k, i)));
  const requests = requestsOf(points);
  expect(requests.length).toBeGreaterThan(2);
  const all = requests.flatMap(({ series }) => series);
  expect(all).toHaveLength(30);
  for (const { samples } of all) expect(samples.map(({ time }) => time)).toEqual([T, T + 1, T + 2]);
  expect(requests.reduce((sum, { count }) => sum + count, 0)).toBe(90);
});

test('a histogram and a summary are their usual rows, all of which end', async () => {
  const { rowsOf } = await createEncoding();
  const lag = seriesOf(HISTOGRAM);
  const pause = seriesOf(SUMMARY, { le: 'mine' });
  const head = { start: 0, time: T, flags: 0 };
  const points: Point[] = [
    {
      ...{ kind: 'histogram', series: lag, ...head, count: 6, sum: 1.5 },
      ...{ bounds: [0.1, 1], counts: [1, 2, 3] },
    },
    {
      ...{ kind: 'summary', series: pause, ...head, count: 2, sum: 3 },
      quantiles: [
        [0.5, 1],
        [0.99, Number.NaN],
      ],
    },
  ];
  const at = (value: number | 'stale', time = T) => [{ value, time }];
  const expected = {
    'lag_seconds_bucket{id="/a",le="0.1",pod="p"}': at(1),
    'lag_seconds_bucket{id="/a",le="1",pod="p"}': at(3),
    'lag_seconds_bucket{id="/a",le="+Inf",pod="p"}': at(6),
    'lag_seconds_sum{id="/a",pod="p"}': at(1.5),
    'lag_seconds_count{id="/a",pod="p"}': at(6),
    'pause_seconds{id="/a",le="mine",pod="p",quantile="0.5"}': at(1),
    'pause_seconds{id="/a",le="mine",pod="p",quantile="0.99"}': at(Number.NaN),
    'pause_seconds_sum{id="/a",le="mine",pod="p"}': at(3),
    'pause_seconds_count{id="/a",le="mine",pod="p"}': at(2),
  };
  expect(rowsOf(points)).toEqual(expected);
  const ends = rowsOf([endedPoint(lag, T + 1), endedPoint(pause, T + 1)]);
  expect(ends).toEqual(
    Object.fromEntries(Object.keys(expected).map((row) => [row, at('stale', T + 1)])),
  );
});

test('a bucket that is no more is marked stale', async () => {
  const { rowsOf } = await createEncoding();
  const series = seriesOf(HISTOGRAM);
  const point = (time: number, bounds: number[], counts: number[]): Point => ({
    ...{ kind: 'histogram', series, start: 0, time, flags: 0, count: 3, sum: 1 },
    ...{ bounds, counts },
  });
  rowsOf([point(T, [1, 2], [1, 1, 1])]);
  const rows = rowsOf([point(T + 1, [2], [2, 1])]);
  expect(rows['lag_seconds_bucket{id="/a",le="1",pod="p"}']).toEqual([
    { value: 'stale', time: T + 1 },
  ]);
  expect(rows['lag_seconds_bucket{id="/a",le="2",pod="p"}']).toEqual([{ value: 2, time: T + 1 }]);
});

test('external labels give way to those of a series; job and instance come from the resource', async () => {
  const yaml =
    'external_labels: {pod: other, image: any, cluster: c}\ntarget_info: {enabled: true}';
  const { rowsOf, log } = await createEncoding(yaml);
  const resource: Resource = {
    attributes: {
      'service.namespace': 'ns',
      'service.name': 'agent',
      'service.instance.id': 'i-1',
      'host.name': 'node-1',
    },
  };
  const series = seriesOf(MEMORY, { cpu: '0' }, resource);
  const target =
    'target_info{cluster="c",host_name="node-1",image="any",instance="i-1",job="ns/agent",pod="other"}';
  expect(rowsOf([numberPoint(series, 0, T, 1)])).toEqual({
    'container_memory_rss{cluster="c",cpu="0",id="/a",image="any",instance="i-1",job="ns/agent",pod="p"}':
      [{ value: 1, time: T }],
    [target]: [{ value: 1, time: T }],
  });
  expect(rowsOf([endedPoint(series, T + 1)])[target]).toEqual([{ value: 'stale', time: T + 1 }]);
  expect(log).toEqual([]);
});

test('nothing that tells the host is said once', async () => {
  const { rowsOf, log } = await createEncoding();
  for (const i of [1, 2]) rowsOf([numberPoint(seriesOf(), 0, T + i, 1)]);
  expect(log.filter((line) => line.includes('do not tell their host'))).toHaveLength(1);
});

test('the attributes of the resource as labels', async () => {
  const yaml = 'resource_to_telemetry_conversion: {enabled: true}';
  const { rowsOf, log } = await createEncoding(yaml);
  const resource = { attributes: { 'host.name': 'node-1', 'host-name': 'x', pod: 'no' } };
  expect(Object.keys(rowsOf([numberPoint(seriesOf(MEMORY, {}, resource), 0, T, 1)]))).toEqual([
    'container_memory_rss{host_name="node-1;x",id="/a",pod="p"}',
  ]);
  expect(log).toEqual([]);
});

test('names: as they are, with suffixes, with a namespace, in letters that are known', async () => {
  const names = async (yaml: string) => {
    const { rowsOf } = await createEncoding(yaml);
    const points = [MEMORY, CPU, METRICS['kata.guest-load']].map((each) =>
      numberPoint(seriesOf(each), 0, T, 1),
    );
    return Object.keys(rowsOf(points)).map((row) => row.split('{')[0]);
  };
  const plain = ['container_memory_rss', 'container_cpu_usage_seconds', 'kata_guest_load'];
  expect(await names('')).toEqual(plain);
  expect(await names('namespace: my-ns')).toEqual(plain.map((name) => `my_ns_${name}`));
  expect(await names('add_metric_suffixes: true')).toEqual([
    'container_memory_rss_bytes',
    'container_cpu_usage_seconds_total',
    'kata_guest_load',
  ]);
});

test('a label may not take the place of the name', async () => {
  const { rowsOf } = await createEncoding();
  const series = seriesOf(MEMORY, { __name__: 'evil', '1x': 'a', 'a.b': '1', 'a-b': '2' });
  expect(Object.keys(rowsOf([numberPoint(series, 0, T, 1)]))).toEqual([
    'container_memory_rss{a_b="1;2",id="/a",key_1x="a",pod="p"}',
  ]);
});

test('deltas are refused and counted', async () => {
  const { rowsOf, count } = await createEncoding();
  const series = seriesOf({ ...CPU, temporality: 'delta' });
  expect(rowsOf([numberPoint(series, T - 1000, T, 1)])).toEqual({});
  expect(count('sandgauge_exporter_refused_points', 'delta')).toBe(1);
});

test('series above max_series are refused and counted', async () => {
  const { rowsOf, count } = await createEncoding('max_series: 2');
  const points = [0, 1, 2].map((i) => numberPoint(seriesOf(MEMORY, { cpu: `${i}` }), 0, T, 1));
  expect(Object.keys(rowsOf(points))).toHaveLength(2);
  expect(count('sandgauge_exporter_refused_points', 'max_series')).toBe(1);
});

test('metadata goes before, in a request of its own', async () => {
  const { requestsOf } = await createEncoding('send_metadata: true');
  const points = [MEMORY, CPU].map((each) => numberPoint(seriesOf(each), 0, T, 1));
  const [metadata, samples] = requestsOf(points);
  expect(metadata).toEqual({
    series: [],
    metadata: [
      { type: 'GAUGE', metricFamilyName: MEMORY.name, help: 'Resident', unit: 'By' },
      { type: 'COUNTER', metricFamilyName: CPU.name, help: 'CPU' },
    ],
    count: 0,
  });
  expect(samples?.count).toBe(2);
});
