import { describe, expect, test } from 'vitest';
import { CPU } from '../../src/catalog/cpu.ts';
import { MEMORY } from '../../src/catalog/memory.ts';
import type { Processor } from '../../src/component/component.ts';
import type { ProcessorFactory } from '../../src/component/factory.ts';
import { parseComponentId } from '../../src/component/id.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import type { Batch } from '../../src/pdata/batch.ts';
import { type NumberPoint, numberPoint } from '../../src/pdata/point.ts';
import { createSeries, type Series } from '../../src/pdata/series.ts';
import { attributes } from '../../src/processors/attributes/factory.ts';
import { batch } from '../../src/processors/batch/factory.ts';
import { filter } from '../../src/processors/filter/factory.ts';
import { resource } from '../../src/processors/resource/factory.ts';

const WEB = Object.freeze({ pod: 'web-7f', namespace: 'team', image: '' });
const NODE = Object.freeze({ attributes: Object.freeze({ 'host.name': 'node' }) });
const SERIES = [
  createSeries(CPU.container_cpu_usage_seconds_total, WEB, { cpu: 'total' }, NODE),
  createSeries(MEMORY.container_memory_rss, WEB, {}, NODE),
  createSeries(MEMORY.container_memory_cache, { ...WEB, pod: 'db-1' }, {}, NODE),
];

const batchOf = (onDemand = false): Batch => ({
  ...{ source: 'cgroup', onDemand },
  points: SERIES.map((series, i) => numberPoint(series, 1, 2, i)),
});

function make(
  factory: unknown,
  yaml: string,
  isRefused: (batch: Batch) => boolean | Promise<boolean> = () => false,
) {
  const passed: Batch[] = [];
  const made = factory as ProcessorFactory;
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const telemetry = { logger, counter: () => ({ add() {} }), gauge: () => ({ set() {} }) } as never;
  const id = parseComponentId(made.metadata.type, '');
  const config = decode(made.config, confOf(parseYaml(yaml, 'test')));
  const next = {
    async consume(given: Batch) {
      if (await isRefused(given)) throw new Error('refused');
      passed.push(given);
    },
  };
  const processor: Processor = made.create({ id, telemetry, now: Date.now }, config, next);
  return { processor, passed };
}

describe('attributes', () => {
  async function apply(action: string) {
    const { processor, passed } = make(attributes, `actions: [{${action}}]`);
    await processor.consume(batchOf());
    return passed[0]?.points.map(({ series }) => ({ ...series.identity, ...series.labels }));
  }

  test.each([
    ['key: team, value: x, action: insert', { team: 'x' }],
    ['key: pod, value: x, action: insert', { pod: 'web-7f' }],
    ['key: pod, value: x, action: update', { pod: 'x' }],
    ['key: none, value: x, action: update', { none: undefined }],
    ['key: cpu, value: 7, action: upsert', { cpu: '7' }],
    ['key: owner, from_attribute: namespace, action: upsert', { owner: 'team' }],
    ['key: image, action: delete', { image: undefined }],
    ['key: pod, pattern: "^(?P<app>[a-z]+)-", action: extract', { app: 'web', pod: 'web-7f' }],
    ['key: none, pattern: "(?P<pod>.*)", action: extract', { pod: 'web-7f' }],
  ])('%s', async (action, expected) => {
    const [first] = (await apply(action)) ?? [];
    for (const [key, value] of Object.entries(expected)) {
      expect((first as Record<string, string>)[key]).toBe(value);
    }
  });

  test('hash is SHA-256', async () => {
    const [first] = (await apply('key: namespace, action: hash')) ?? [];
    expect(first?.namespace).toMatch(/^[0-9a-f]{64}$/);
  });

  test('series are changed once, and those of a workload share its labels', async () => {
    const { processor, passed } = make(attributes, 'actions: [{key: team, value: x}]');
    await processor.consume(batchOf());
    await processor.consume(batchOf());
    const [first, second] = passed.map(({ points }) => points.map(({ series }) => series));
    expect(first?.[0]).toBe(second?.[0]);
    expect(first?.[0]?.identity).toBe(first?.[1]?.identity);
    expect(first?.[0]?.identity).not.toBe(first?.[2]?.identity);
  });

  test.each([
    ['{}', 'must have at least one action'],
    ['actions: [{value: x}]', 'key: is required'],
    ['actions: [{key: x}]', 'needs either value or from_attribute'],
    ['actions: [{key: x, action: extract, pattern: "a+"}]', 'named group'],
    ['actions: [{key: x, action: extract, pattern: "("}]', 'pattern'],
    ['actions: [{key: x, action: explode}]', 'expected one of'],
  ])('%s is refused', (yaml, reason) => {
    expect(() => make(attributes, yaml)).toThrow(reason);
  });
});

test('resource: one resource stays one', async () => {
  const { processor, passed } = make(resource, 'attributes: [{key: cluster, value: a}]');
  await processor.consume(batchOf());
  const resources = passed[0]?.points.map(({ series }) => series.resource);
  expect(resources?.[0]?.attributes).toEqual({ 'host.name': 'node', cluster: 'a' });
  expect(new Set(resources).size).toBe(1);
});

describe('filter', () => {
  const CACHE = 'container_memory_cache';
  const RSS = 'container_memory_rss';
  const CPU_USAGE = 'container_cpu_usage_seconds_total';
  test.each([
    [`include: {metric_names: [${RSS}]}`, [RSS]],
    [`exclude: {metric_names: [${RSS}]}`, [CPU_USAGE, CACHE]],
    ['include: {match_type: regexp, metric_names: ["memory"]}', [RSS, CACHE]],
    ['exclude: {attributes: [{key: pod, value: web-7f}]}', [CACHE]],
    [
      'include: {match_type: regexp, metric_names: [memory]}, exclude: {attributes: [{key: pod, value: db-1}]}',
      [RSS],
    ],
  ])('%s', async (yaml, expected) => {
    const { processor, passed } = make(filter, `metrics: {${yaml}}`);
    await processor.consume(batchOf());
    expect(passed[0]?.points.map(({ series }) => series.descriptor.name)).toEqual(expected);
  });

  test.each([
    ['{}', 'needs include or exclude'],
    ['metrics: {metric: ["name == 1"]}', 'unknown key'],
    ['metrics: {include: {match_type: regexp, metric_names: ["("]}}', 'include'],
  ])('%s is refused', (yaml, reason) => {
    expect(() => make(filter, yaml)).toThrow(reason);
  });
});

describe('batch', () => {
  test('points wait for more, for the timeout at most', async () => {
    const { processor, passed } = make(batch, '{timeout: 200ms, send_batch_size: 7}');
    await processor.consume(batchOf());
    await processor.consume(batchOf());
    expect(passed).toEqual([]);
    await processor.consume(batchOf());
    expect(passed.map(({ points }) => points.length)).toEqual([9]);
    await processor.consume(batchOf());
    await expect.poll(() => passed.length).toBe(2);
    expect(passed[1]?.points).toHaveLength(3);
  });

  test('no batch is larger than the largest, and a stop sends what waits', async () => {
    const { processor, passed } = make(batch, '{send_batch_size: 4, send_batch_max_size: 4}');
    await processor.consume(batchOf());
    await processor.consume(batchOf());
    await processor.consume(batchOf());
    await processor.shutdown();
    expect(passed.map(({ points }) => points.length)).toEqual([4, 2, 3]);
    expect(() => make(batch, '{send_batch_max_size: 4}')).toThrow('greater or equal');
  });

  test('a part that is refused keeps neither the others nor a collection from their way', async () => {
    let parts = 0;
    const yaml = '{timeout: 10s, send_batch_size: 4, send_batch_max_size: 4}';
    const { processor, passed } = make(batch, yaml, () => ++parts === 1);
    await processor.consume(batchOf());
    await processor.consume(batchOf());
    expect(passed.map(({ points }) => points.length)).toEqual([2]);
    parts = 0;
    await processor.consume(batchOf());
    await expect(processor.flush()).resolves.toBeUndefined();
    expect(parts).toBe(1);
  });

  test('a batch that is long under way keeps no other and no collection waiting', async () => {
    const begun: number[] = [];
    const { promise: answer, resolve } = Promise.withResolvers<boolean>();
    const yaml = '{send_batch_size: 1, send_batch_max_size: 1}';
    const { processor, passed } = make(batch, yaml, (given) => {
      begun.push(...given.points.map((point) => (point as NumberPoint).value));
      return answer;
    });
    const point = (value: number) => numberPoint(SERIES[0] as Series, 1, 2, value);
    const given = [[0, 1], [2]].map((values) => ({ ...batchOf(), points: values.map(point) }));
    const ends = given.map((each) => processor.consume(each));
    await processor.flush();
    expect(begun).toEqual([0, 1, 2]);
    expect(passed).toEqual([]);
    resolve(false);
    await Promise.all(ends);
    expect(passed).toHaveLength(3);
  });

  test('what a scrape asked for passes at once', async () => {
    const { processor, passed } = make(batch, '');
    await processor.consume(batchOf(true));
    expect(passed).toEqual([batchOf(true)]);
  });
});
