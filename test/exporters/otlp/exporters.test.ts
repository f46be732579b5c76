import { afterEach, describe, expect, test } from 'vitest';
import { MEMORY } from '../../../src/catalog/memory.ts';
import type { Exporter } from '../../../src/component/component.ts';
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
import { freePort } from '../../support/agent.ts';
import { type OtlpServer, startGrpcServer, startHttpServer } from '../../support/otlp/server.ts';

const RETRY =
  'retry_on_failure: {initial_interval: 20ms, max_interval: 100ms, max_elapsed_time: 10s}';
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** The other side does not have to be a real Collector for this: how it answers is what counts. */
const PROTOCOLS = [
  {
    name: 'otlp_grpc',
    factory: otlpGrpc as unknown as ExporterFactory,
    start: (port?: number) => startGrpcServer(port),
    endpoint: (port: number) => `http://127.0.0.1:${port}`,
    ...{ unavailable: 14, fatal: 3, busy: 8 },
  },
  {
    name: 'otlp_http',
    factory: otlpHttp as unknown as ExporterFactory,
    start: startHttpServer,
    endpoint: (port: number) => `http://127.0.0.1:${port}`,
    ...{ unavailable: 503, fatal: 400, busy: 429 },
  },
];

function batchOf(points: number): Batch {
  const resource = { attributes: { 'host.name': 'node' } };
  return {
    ...{ source: 'cgroup', onDemand: false },
    points: Array.from({ length: points }, (_, i) =>
      numberPoint(
        createSeries(MEMORY.container_memory_rss, { id: `/x${i}` }, NO_LABELS, resource),
        ...([0, 1000, i] as const),
      ),
    ),
  };
}

async function run(factory: ExporterFactory, endpoint: string, yaml: string) {
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const say = (message: string) => void log.push(message);
  const logger = { debug() {}, info: say, warn: say, error: say };
  const { type } = factory.metadata;
  const settings = { id: parseComponentId(type, ''), now: Date.now };
  const config = decode(
    factory.config,
    confOf(parseYaml(`endpoint: ${endpoint}\n${yaml}`, 'test')),
  );
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge } as never;
  const exporter: Exporter = factory.create({ ...settings, telemetry }, config);
  await exporter.start({} as never);
  stops.push(() => exporter.shutdown());
  const count = (name: string) =>
    metrics.values()[`otelcol_exporter_${name}_metric_points{exporter="${type}"}`] ?? 0;
  return { exporter, log, count, metrics };
}

function taken(server: OtlpServer): number[] {
  return server.taken.flatMap((request) =>
    request.resourceMetrics.flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap(({ metrics }) =>
        metrics.flatMap(({ gauge }) => gauge?.dataPoints.map(({ asInt }) => Number(asInt)) ?? []),
      ),
    ),
  );
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe.each(PROTOCOLS)('$name', ({ factory, start, endpoint, unavailable, fatal, busy }) => {
  async function setUp(yaml = '') {
    const server = await start();
    stops.push(server.stop);
    return { server, ...(await run(factory, endpoint(server.port), `${RETRY}\n${yaml}`)) };
  }

  test.each(['gzip', 'none'])('every point arrives, compression %s', async (compression) => {
    const { server, exporter, count } = await setUp(
      `compression: ${compression}\nheaders: {x-tenant: a}`,
    );
    await exporter.consume(batchOf(100));
    await expect.poll(() => count('sent')).toBe(100);
    expect(taken(server)).toEqual(upTo(100));
    expect(server.headers[0]).toMatchObject({ 'x-tenant': 'a' });
  });

  test('a batch is split below the bound, nothing is lost', async () => {
    const { server, exporter, count } = await setUp('max_request_bytes: 2000');
    await exporter.consume(batchOf(300));
    await expect.poll(() => count('sent')).toBe(300);
    expect(server.taken.length).toBeGreaterThan(5);
    expect(taken(server).sort((a, b) => a - b)).toEqual(upTo(300));
  });

  test('what fails for a moment is sent again, once it was taken never', async () => {
    const { server, exporter, count, log } = await setUp();
    server.answers.push({ code: unavailable }, { code: unavailable, delayMillis: 100 });
    await exporter.consume(batchOf(10));
    await expect.poll(() => exporter.health?.().status).toBe('recoverable_error');
    await expect.poll(() => count('sent')).toBe(10);
    expect(exporter.health?.()).toEqual({ status: 'ok' });
    expect(taken(server)).toEqual(upTo(10));
    expect(count('send_failed')).toBe(0);
    expect(log.filter((line) => line.includes('Will retry'))).toHaveLength(1);
  });

  test('a pause that is asked for is kept', async () => {
    const { server, exporter, count } = await setUp();
    server.answers.push({ code: busy, retryAfter: 1 });
    const startedAt = performance.now();
    await exporter.consume(batchOf(1));
    await expect.poll(() => count('sent'), { timeout: 3000 }).toBe(1);
    expect(performance.now() - startedAt).toBeGreaterThan(950);
  });

  test('what no retry mends is dropped, said and counted', async () => {
    const { server, exporter, count, log } = await setUp();
    server.answers.push({ code: fatal });
    await exporter.consume(batchOf(7));
    await expect.poll(() => count('send_failed')).toBe(7);
    expect(taken(server)).toEqual([]);
    expect(log).toEqual(['Exporting failed. Dropping data.']);
    await exporter.consume(batchOf(2));
    await expect.poll(() => count('sent')).toBe(2);
  });

  test('the other side is down, then up: what waits arrives, what had no room is counted', async () => {
    const port = await freePort();
    const running = await run(
      factory,
      endpoint(port),
      `${RETRY}\nsending_queue: {queue_size: 3, num_consumers: 1}`,
    );
    const { exporter, count } = running;
    for (let i = 0; i < 3; i++) await exporter.consume(batchOf(5));
    await expect(exporter.consume(batchOf(4))).rejects.toThrow('sending queue is full');
    expect(count('enqueue_failed')).toBe(4);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const server = await start(port);
    stops.push(server.stop);
    await expect.poll(() => count('sent'), { timeout: 10_000 }).toBe(15);
    expect(taken(server)).toHaveLength(15);
    expect(count('send_failed')).toBe(0);
  }, 15_000);

  test('retries end: the request is dropped and counted', async () => {
    const port = await freePort();
    const yaml =
      'retry_on_failure: {initial_interval: 10ms, max_interval: 20ms, max_elapsed_time: 200ms}';
    const { exporter, count } = await run(factory, endpoint(port), yaml);
    await exporter.consume(batchOf(3));
    await expect.poll(() => count('send_failed'), { timeout: 5000 }).toBe(3);
  });

  test('one that is too slow is tried again', async () => {
    const { server, exporter, count } = await setUp('timeout: 100ms');
    server.answers.push({ delayMillis: 400 });
    await exporter.consume(batchOf(1));
    await expect.poll(() => count('sent'), { timeout: 3000 }).toBe(1);
  });

  test('without a queue the sender learns what became of its batch', async () => {
    const { server, exporter, count } = await setUp('sending_queue: {enabled: false}');
    await exporter.consume(batchOf(2));
    expect(count('sent')).toBe(2);
    server.answers.push({ code: fatal });
    await expect(exporter.consume(batchOf(2))).rejects.toThrow();
    expect(count('send_failed')).toBe(2);
  });

  test('what finds no room is counted, also where senders wait for the result', async () => {
    const yaml = 'sending_queue: {queue_size: 1, num_consumers: 1, wait_for_result: true}';
    const { server, exporter, count } = await setUp(yaml);
    server.answers.push({ delayMillis: 200 });
    const first = exporter.consume(batchOf(2));
    await expect(exporter.consume(batchOf(3))).rejects.toThrow('sending queue is full');
    expect(count('enqueue_failed')).toBe(3);
    await first;
    expect(count('sent')).toBe(2);
  });

  test('a stop sends what waits once more, within its bound', async () => {
    const { server, exporter, count } = await setUp('sending_queue: {num_consumers: 1}');
    server.answers.push({ delayMillis: 200 });
    await exporter.consume(batchOf(1));
    await exporter.consume(batchOf(2));
    await exporter.shutdown();
    expect(count('sent')).toBe(3);
    expect(server.taken).toHaveLength(2);
    await expect(exporter.consume(batchOf(1))).rejects.toThrow('stopped');
  });
});

test('gRPC: RESOURCE_EXHAUSTED without a RetryInfo is not tried again', async () => {
  const server = await startGrpcServer();
  stops.push(server.stop);
  const { exporter, count } = await run(
    otlpGrpc as unknown as ExporterFactory,
    `http://127.0.0.1:${server.port}`,
    RETRY,
  );
  server.answers.push({ code: 8 });
  await exporter.consume(batchOf(3));
  await expect.poll(() => count('send_failed')).toBe(3);
  server.answers.push({ partial: { rejected: 2, message: 'too old' } });
  await exporter.consume(batchOf(5));
  await expect.poll(() => count('sent')).toBe(3);
  expect(count('send_failed')).toBe(5);
  expect(server.taken).toHaveLength(1);
});

test('HTTP: JSON, partial success, a connection that breaks, paths', async () => {
  const server = await startHttpServer();
  stops.push(server.stop);
  const { exporter, count } = await run(
    otlpHttp as unknown as ExporterFactory,
    `http://127.0.0.1:${server.port}/base/`,
    `${RETRY}\nencoding: json\nmax_request_bytes: 3000`,
  );
  server.answers.push({ breaks: true }, { partial: { rejected: 1, message: 'no' } });
  await exporter.consume(batchOf(5));
  await expect.poll(() => count('sent')).toBe(4);
  expect(count('send_failed')).toBe(1);
  expect(server.headers.map(({ path }) => path)).toEqual(['/base/v1/metrics', '/base/v1/metrics']);
  await exporter.consume(batchOf(100));
  await expect.poll(() => count('sent')).toBe(104);
  expect(new Set(taken(server)).size).toBe(100);
});

test.each([
  [otlpGrpc, '', 'exporters::otlp_grpc::endpoint: is required'],
  [otlpGrpc, 'endpoint: localhost', 'has no port'],
  [otlpGrpc, 'endpoint: http://localhost:4317/v1/metrics', 'has a path'],
  [otlpHttp, '', 'exporters::otlp_http::endpoint: is required'],
  [otlpHttp, 'endpoint: localhost:4318', 'begins with http://'],
  [otlpHttp, 'endpoint: "http://x"\ntls: {ca_file: /no/such}', 'tls::ca_file: cannot be read'],
  [otlpGrpc, 'endpoint: x:1\ntls: {cert_pem: x}', 'needs both cert and key'],
  [otlpGrpc, 'endpoint: x:1\ncompression: zstd', 'compression: expected one of: gzip, none'],
] as const)('a configuration that cannot work is refused: %#', (given, yaml, reason) => {
  const factory = given as unknown as ExporterFactory;
  const { counter, gauge } = createOwnMetrics();
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const telemetry = { logger, counter, gauge } as never;
  const id = parseComponentId(factory.metadata.type, '');
  expect(() => {
    const config = decode(factory.config, confOf(parseYaml(yaml, 'test')));
    factory.create({ id, telemetry, now: Date.now }, config);
  }).toThrow(reason);
});
