import { afterEach } from 'vitest';
import { MEMORY } from '../../../src/catalog/memory.ts';
import type { Exporter, Extension } from '../../../src/component/component.ts';
import type { ExporterFactory } from '../../../src/component/factory.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { otlpGrpc } from '../../../src/exporters/otlp_grpc/factory.ts';
import { otlpHttp } from '../../../src/exporters/otlp_http/factory.ts';
import type { Batch } from '../../../src/pdata/batch.ts';
import { numberPoint } from '../../../src/pdata/point.ts';
import { createSeries, NO_LABELS } from '../../../src/pdata/series.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { valuesIn } from '../../support/otlp/numbers.ts';
import { type OtlpServer, startGrpcServer, startHttpServer } from '../../support/otlp/server.ts';

/** Retries soon, for long. */
export const RETRY =
  'retry_on_failure: {initial_interval: 20ms, max_interval: 100ms, max_elapsed_time: 10s}';

/** What to stop after a test, the last first. */
export const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** The other side does not have to be a real Collector: how it answers is what counts. */
export const PROTOCOLS = [
  {
    name: 'otlp_grpc',
    factory: otlpGrpc as unknown as ExporterFactory,
    start: (port?: number) => startGrpcServer(port),
    ...{ unavailable: 14, fatal: 3, busy: 8 },
  },
  {
    name: 'otlp_http',
    factory: otlpHttp as unknown as ExporterFactory,
    start: (port?: number) => startHttpServer(port),
    ...{ unavailable: 503, fatal: 400, busy: 429 },
  },
];

/** Points whose values are `from`, `from + 1` and so on. */
export function batchOf(points: number, from = 0): Batch {
  const resource = { attributes: { 'host.name': 'node' } };
  return {
    ...{ source: 'cgroup', onDemand: false },
    points: Array.from({ length: points }, (_, i) =>
      numberPoint(
        createSeries(MEMORY.container_memory_rss, { id: `/x${from + i}` }, NO_LABELS, resource),
        ...([0, 1000, from + i] as const),
      ),
    ),
  };
}

/** Makes an exporter, with what it logs and counts. Throws what its factory throws. */
export function create(factory: ExporterFactory, yaml: string) {
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const fields: string[] = [];
  const say = (message: string, more?: object) => {
    log.push(message);
    fields.push(JSON.stringify(more));
  };
  const logger = { debug() {}, info: say, warn: say, error: say };
  const { type } = factory.metadata;
  const config = decode(factory.config, confOf(parseYaml(yaml, 'test')));
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge };
  const id = parseComponentId(type, '');
  const exporter: Exporter = factory.create({ id, telemetry, now: Date.now }, config);
  const read = (name: string) =>
    metrics.values()[`otelcol_exporter_${name}{exporter="${type}"}`] ?? 0;
  return {
    exporter,
    log,
    fields,
    metrics,
    read,
    count: (name: string) => read(`${name}_metric_points`),
  };
}

/** Starts an exporter that is stopped after the test; `extensions` are there by id. */
export async function run(
  factory: ExporterFactory,
  endpoint: string,
  yaml: string,
  extensions: Readonly<Record<string, Extension>> = {},
) {
  const created = create(factory, `endpoint: ${endpoint}\n${yaml}`);
  const extension = (id: string) => extensions[id];
  await created.exporter.start({ extension } as never);
  stops.push(() => created.exporter.shutdown());
  return created;
}

/** The values of all points that a server took, in the order in which it did. */
export function taken(server: Pick<OtlpServer, 'taken'>): number[] {
  return server.taken.flatMap(valuesIn);
}

/** 0, 1 and so on, below `count`. */
export const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
