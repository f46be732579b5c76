import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { Component, Consumer, Exporter } from '../../src/component/component.ts';
import type { Metadata, Registry } from '../../src/component/factory.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import type { Batch } from '../../src/pdata/batch.ts';
import { buildGraph } from '../../src/service/graph.ts';
import { startService } from '../../src/service/service.ts';
import { createOwnMetrics } from '../../src/service/telemetry.ts';

const YAML = `
receivers: {source: }
processors: {pass: }
exporters: {good: , bad: }
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    metrics: {receivers: [source], processors: [pass], exporters: [good]}
    metrics/two: {receivers: [source], exporters: [bad, good]}
`;
const BATCH: Batch = { source: 'source', onDemand: true, points: [] };
const logger = { debug() {}, info() {}, warn() {}, error() {} };

function setUp(options: { failing?: string; hanging?: string } = {}) {
  const events: string[] = [];
  const metrics = createOwnMetrics();
  const exporters = new Map<string, Exporter>();
  let head: Consumer | undefined;
  const metadata = (type: string): Metadata => ({
    type,
    summary: '',
    stability: 'development',
    series: [],
  });
  const life = (id: string): Component => ({
    async start() {
      if (options.failing === id) throw new Error(`${id} fails`);
      events.push(`start ${id}`);
    },
    async shutdown() {
      events.push(`stop ${id}`);
    },
  });
  const exporter = (type: string) => ({
    metadata: metadata(type),
    config: z.any(),
    create() {
      const made: Exporter = {
        ...life(type),
        asks: true,
        async consume() {
          events.push(`consume ${type}`);
          if (type === 'bad') throw new Error('refused');
        },
      };
      exporters.set(type, made);
      return made;
    },
  });
  const registry: Registry = {
    extensions: [],
    exporters: [exporter('good'), exporter('bad')],
    processors: [
      {
        metadata: metadata('pass'),
        config: z.any(),
        create: (_settings, _config, next) => ({
          ...life('pass'),
          consume: (batch) => next.consume(batch),
          async flush() {
            events.push('flush pass');
            if (options.hanging === 'pass') await new Promise(() => {});
          },
        }),
      },
    ],
    receivers: [
      {
        metadata: metadata('source'),
        config: z.any(),
        create(_settings, _config, next) {
          head = next;
          return {
            ...life('source'),
            onDemand: true,
            collectNow: () => next.consume(BATCH),
          };
        },
      },
    ],
  };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge };
  const graph = buildGraph(confOf(parseYaml(YAML, 'test')), {
    registry,
    telemetry,
    resource: { attributes: {} },
    now: Date.now,
  });
  return { events, graph, exporters, metrics, consume: () => head?.consume(BATCH) };
}

test('receivers start last and stop first; a second shutdown does nothing', async () => {
  const { events, graph } = setUp();
  const service = await startService(graph, logger);
  expect(events).toEqual(['start good', 'start bad', 'start pass', 'start source']);
  const { components } = graph.host.health();
  expect(components.map(({ id }) => id)).toEqual(['good', 'bad', 'pass', 'source']);
  events.length = 0;
  await service.shutdown();
  await service.shutdown();
  expect(events).toEqual(['stop source', 'stop pass', 'stop bad', 'stop good']);
});

test('when one fails to start, those before it are stopped', async () => {
  const { events, graph } = setUp({ failing: 'pass' });
  await expect(startService(graph, logger)).rejects.toThrow('pass fails');
  expect(events).toEqual(['start good', 'start bad', 'stop bad', 'stop good']);
});

test('an exporter that refuses does not keep a batch from the others', async () => {
  const { events, consume } = setUp();
  await expect(consume()).rejects.toThrow('refused');
  expect(events.filter((event) => event === 'consume good')).toHaveLength(2);
});

test('collect makes the sources upstream read, then flushes; a failing edge does not reject', async () => {
  const { events, graph, exporters } = setUp();
  await graph.host.collect(exporters.get('good') as Exporter, performance.now() + 100);
  expect(events.at(-1)).toBe('flush pass');
  expect(events).toContain('consume good');
});

test('a flush that another exporter holds up does not keep who collects beyond its deadline', async () => {
  const { events, graph, exporters } = setUp({ hanging: 'pass' });
  await graph.host.collect(exporters.get('good') as Exporter, performance.now() + 100);
  expect(events).toContain('consume good');
});
