import { afterEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { Consumer } from '../../../src/component/component.ts';
import type { Registry } from '../../../src/component/factory.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { COMPONENTS } from '../../../src/distribution/components.ts';
import { endedPoint, type Point } from '../../../src/pdata/point.ts';
import { buildGraph } from '../../../src/service/graph.ts';
import { type Service, startService } from '../../../src/service/service.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { freePort } from '../../support/agent.ts';
import { type OtlpServer, startHttpServer } from '../../support/otlp/server.ts';
import { CPU_SERIES, MEMORY_SERIES, START, sample } from './set-up.ts';

let service: Service | undefined;
let otlp: OtlpServer | undefined;
afterEach(async () => {
  await service?.shutdown();
  await otlp?.stop();
});

/** An agent with a source that gives what it is told, in `yaml` under the name of `source`. */
async function start(yaml: string, onDemand = false) {
  const next: Consumer[] = [];
  const waiting: Point[][] = [];
  const hand = (points: Point[]) => next[0]?.consume({ source: 'source', onDemand, points });
  const registry: Registry = {
    ...COMPONENTS,
    receivers: [
      {
        metadata: { type: 'source', summary: '', stability: 'development', series: [] },
        config: z.any(),
        create(_settings, _config, to) {
          next.push(to);
          return {
            onDemand,
            async start() {},
            async shutdown() {},
            collectNow: async () => hand(waiting.shift() ?? []),
          };
        },
      },
    ],
  };
  const port = await freePort();
  const { counter, gauge } = createOwnMetrics();
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const graph = buildGraph(confOf(parseYaml(yaml.replaceAll('PORT', String(port)), 'test')), {
    ...{ registry, telemetry: { logger, counter, gauge } as never, now: Date.now },
    resource: { attributes: {} },
  });
  service = await startService(graph, logger);
  /** Rows as `metric value time`. */
  const scrape = async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return [...text.matchAll(/^container_(\w+)\{.*\} (\S+) (\S+)$/gm)].map(
      ([, name = '', value, time]) => `${name} ${value} @${(Number(time) - START) / 1000}`,
    );
  };
  return { hand, waiting, scrape };
}

const PROMETHEUS =
  'prometheus: {endpoint: "127.0.0.1:PORT", collect_on_scrape: true, send_timestamps: true, max_age: 0s}';

/** One pipeline through an aggregate processor and a batch processor behind it. */
function config(aggregate: string, ...exporters: string[]): string {
  const ids = exporters.map((text) => text.split(':')[0]);
  return `
receivers: {source: }
processors: {aggregate: {${aggregate}}, batch: }
exporters: {${exporters.join(', ')}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {metrics: {receivers: [source], processors: [aggregate, batch], exporters: [${ids}]}}`;
}

const toOtlp = ({ port }: OtlpServer) => `otlp_http: {endpoint: 'http://127.0.0.1:${port}'}`;

const passes = (...seconds: number[]) =>
  seconds.flatMap((at) => [sample(CPU_SERIES, at, at / 5), sample(MEMORY_SERIES, at, at * 1000)]);

test('a scrape is given the windows; one with nothing new the last point with its old time', async () => {
  const { hand, scrape } = await start(config('emit: on_read', PROMETHEUS));
  expect(await scrape()).toEqual([]);
  for (const seconds of [10, 20, 30]) await hand(passes(seconds));
  const first = ['cpu_usage_seconds_total 4 @20', 'memory_usage_bytes 30000 @30'];
  expect(await scrape()).toEqual(first);
  expect(await scrape()).toEqual(first);
  await hand(passes(40));
  const both = await Promise.all([scrape(), scrape()]);
  const second = ['cpu_usage_seconds_total 8 @40', 'memory_usage_bytes 40000 @40'];
  expect(both).toEqual([second, second]);
  await hand([endedPoint(CPU_SERIES, START + 50_000)]);
  expect(await scrape()).toEqual(second.slice(1));
});

test('on demand a scrape is given what it made the source read, and nothing older', async () => {
  const { waiting, scrape } = await start(config('emit: on_read', PROMETHEUS), true);
  waiting.push(passes(10), passes(20).slice(1));
  expect(await scrape()).toEqual(['cpu_usage_seconds_total 2 @10', 'memory_usage_bytes 10000 @10']);
  expect(await scrape()).toEqual(['memory_usage_bytes 20000 @20']);
  expect(await scrape()).toEqual([]);
});

test('pushed on an interval: one point for each window, with its own time', async () => {
  otlp = await startHttpServer();
  const { hand } = await start(config('interval: 100ms', toOtlp(otlp)));
  await hand(passes(10, 20, 30));
  const { taken } = otlp;
  await expect.poll(() => taken.length, { timeout: 5000 }).toBe(1);
  expect(pointsOf(taken)).toEqual([
    ['container_cpu_usage_seconds_total', 4, 20],
    ['container_memory_usage_bytes', 30_000, 30],
  ]);
});

test('a reader beside a push: both are given what the reader asked for', async () => {
  otlp = await startHttpServer();
  const { hand, scrape } = await start(config('emit: on_read', toOtlp(otlp), PROMETHEUS));
  await hand(passes(10, 20, 30));
  expect(await scrape()).toHaveLength(2);
  const { taken } = otlp;
  await expect.poll(() => pointsOf(taken).length, { timeout: 5000 }).toBe(2);
});

test('on_read without an exporter that asks is refused', async () => {
  await expect(start(config('emit: on_read', 'debug: '))).rejects.toThrow(
    'processors::aggregate: hands on only when read, but no exporter of its pipeline has collect_on_scrape: true',
  );
});

/** [metric, value, seconds after START] of all points that a server took. */
function pointsOf(taken: OtlpServer['taken']) {
  const metrics = taken.flatMap(({ resourceMetrics }) =>
    resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((each) => each.metrics)),
  );
  return metrics.flatMap(({ name, gauge, sum }) =>
    (gauge ?? sum)?.dataPoints.map((point) => [
      name,
      Number(point.asDouble ?? point.asInt),
      (Number(point.timeUnixNano) / 1e6 - START) / 1000,
    ]),
  );
}
