import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { Component, Host } from '../../../src/component/component.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { TELEMETRY } from '../../../src/service/telemetry/config.ts';
import { createReaders } from '../../../src/service/telemetry/readers.ts';
import { createOwnMetrics, createTelemetry } from '../../../src/service/telemetry.ts';
import { freePort } from '../../support/agent.ts';
import { type OtlpServer, startGrpcServer } from '../../support/otlp/server.ts';
import { findPeer, isMissing } from '../../support/peers.ts';
import { checkMetrics, startPrometheus } from '../../support/prometheus.ts';
import { conf } from './conf.ts';

const isSkipped = isMissing('own metrics under Prometheus', {
  prometheus: findPeer('prometheus'),
  promtool: findPeer('promtool'),
});
const HOST = {
  resource: { attributes: { 'host.name': 'node' } },
  extension: () => undefined,
} as unknown as Host;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(metricsYaml: string, metrics = createOwnMetrics()) {
  const lines: string[] = [];
  const say = (message: string, fields?: object) =>
    lines.push(`${message} ${Object.values(fields ?? {})}`);
  const telemetry = createTelemetry({ debug() {}, info: say, warn: say, error: say }, metrics);
  const config = decode(TELEMETRY, conf(`metrics: ${metricsYaml}`));
  const readers: Component = createReaders(config, { metrics, telemetry, version: '1.2.3' });
  cleanups.push(() => readers.shutdown());
  await readers.start(HOST);
  return { metrics, telemetry, lines, readers };
}

const pullOf = (port: number) =>
  `{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${port}}}}}`;

async function startPull(level = 'detailed') {
  const port = await freePort();
  const started = await start(`{level: ${level}, readers: [${pullOf(port)}]}`);
  const text = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return { ...started, port, text };
}

test('pull serves text: names, labels, values of this moment, who it is', async () => {
  const { metrics, text, port } = await startPull();
  const sent = metrics.counter('otelcol_exporter_sent_metric_points', { exporter: 'a"b' });
  sent.add(3);
  const state = metrics.gauge('sandgauge_source_state', { source: 'x', state: 'up' });
  expect(await text()).not.toContain('sandgauge_source_state');
  state.set(1);
  sent.add(4);
  const rows = await text();
  expect(rows).toContain('otelcol_exporter_sent_metric_points_total{exporter="a\\"b"} 7\n');
  expect(rows).toContain('# TYPE otelcol_exporter_sent_metric_points_total counter\n');
  expect(rows).toContain('sandgauge_source_state{source="x",state="up"} 1\n');
  expect(rows).toMatch(/^target_info\{service_name="sandgauge",service_version="1.2.3",.*\} 1$/m);
  const rss = Number(/^otelcol_process_memory_rss (\d+)$/m.exec(rows)?.[1]);
  expect(rss / process.memoryUsage().rss).toBeCloseTo(1, 0);
  expect(rows).toMatch(/^otelcol_process_cpu_seconds_total \d/m);
  expect(rows).toMatch(/^sandgauge_process_eventloop_busy_seconds_total \d/m);
  state.set(Number.NaN);
  expect(await text()).not.toContain('sandgauge_source_state');
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
});

test('a level leaves out what it does not have', async () => {
  const { metrics, text } = await startPull('basic');
  metrics.gauge('sandgauge_source_read_duration_seconds', { source: 'x' }).set(1);
  const rows = await text();
  expect(rows).toContain('otelcol_process_memory_rss');
  expect(rows).not.toContain('eventloop');
  expect(rows).not.toContain('read_duration');
});

test.skipIf(isSkipped)('promtool takes it and a real Prometheus scrapes it', async () => {
  const { metrics, text, port } = await startPull();
  metrics.counter('otelcol_receiver_accepted_metric_points', { receiver: 'cgroup' }).add(42);
  const { status, lints } = checkMetrics(await text());
  expect(lints.filter((line) => /error|parse/i.test(line))).toEqual([]);
  // Lints of names that are the Collector's do not count: 3 is «lints only».
  expect([0, 3]).toContain(status);
  const prometheus = await startPrometheus(`127.0.0.1:${port}`);
  cleanups.push(() => prometheus.stop());
  const query = () => prometheus.query('otelcol_receiver_accepted_metric_points_total');
  const found = { metric: expect.objectContaining({ receiver: 'cgroup' }), value: 42 };
  await expect.poll(query, { timeout: 20_000, interval: 500 }).toEqual([found]);
});

test('a port that is taken is a warning', async () => {
  const first = await startPull();
  const second = await start(`{readers: [${pullOf(first.port)}]}`);
  expect(second.lines).toHaveLength(1);
  expect(second.lines[0]).toMatch(/^Own metrics are not served for now .*another program listens/);
  expect(await first.text()).toContain('otelcol_process_uptime_total');
});

test('a counter goes on when readers are started anew', async () => {
  const { metrics, readers, text } = await startPull();
  await text();
  await readers.shutdown();
  await readers.shutdown();
  const port = await freePort();
  await start(`{readers: [${pullOf(port)}]}`, metrics);
  const rows = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const cpu = Number(/^otelcol_process_cpu_seconds_total (\S+)$/m.exec(rows)?.[1]);
  const { user, system } = process.cpuUsage();
  expect(cpu).toBeLessThanOrEqual((user + system) / 1e6);
});

test('level none starts nothing', async () => {
  const port = await freePort();
  await start(`{level: none, readers: [${pullOf(port)}]}`);
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
});

async function startPush(): Promise<{ server: OtlpServer } & Awaited<ReturnType<typeof start>>> {
  const server = await startGrpcServer();
  cleanups.push(server.stop);
  const otlp = `{endpoint: "http://127.0.0.1:${server.port}", headers: {api-key: k}, timeout: 1000}`;
  const periodic = `{interval: 200, timeout: 200, exporter: {otlp: ${otlp}}}`;
  return { server, ...(await start(`{readers: [{periodic: ${periodic}}]}`)) };
}

test('periodic pushes by OTLP over gRPC, and once more at the end', async () => {
  const { server, metrics, readers } = await startPush();
  const sent = metrics.counter('otelcol_exporter_sent_metric_points', { exporter: 'x' });
  sent.add(5);
  await expect.poll(() => server.taken.length, { timeout: 10_000 }).toBeGreaterThan(1);
  expect(server.headers[0]).toMatchObject({ 'api-key': 'k' });
  const [resource] = server.taken[0]?.resourceMetrics ?? [];
  const attributes = Object.fromEntries(
    resource?.resource.attributes.map(({ key, value }) => [key, value.stringValue]) ?? [],
  );
  expect(attributes).toMatchObject({
    'service.name': 'sandgauge',
    'service.version': '1.2.3',
    'host.name': 'node',
  });
  const pointOf = (request: (typeof server.taken)[number] | undefined) => {
    const all = request?.resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
    return all.find(({ name }) => name === 'otelcol_exporter_sent_metric_points');
  };
  expect(pointOf(server.taken[0])).toMatchObject({
    unit: '{datapoints}',
    sum: {
      isMonotonic: true,
      dataPoints: [{ asInt: '5', attributes: [{ key: 'exporter', value: { stringValue: 'x' } }] }],
    },
  });
  sent.add(1);
  await readers.shutdown();
  expect(pointOf(server.taken.at(-1))?.sum?.dataPoints[0]?.asInt).toBe('6');
  const seen = server.taken.length;
  await sleep(400);
  expect(server.taken).toHaveLength(seen);
});

test('a Collector that is down is said once and counted, and said again when it is back', async () => {
  const { server, metrics, lines } = await startPush();
  server.answers.push(...Array.from({ length: 100 }, () => ({ code: 14 })));
  const failures = () => metrics.values()['sandgauge_telemetry_push_failures{}'];
  await expect.poll(failures, { timeout: 10_000 }).toBeGreaterThan(2);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^Own metrics do not arrive http:.*as told/);
  server.answers.length = 0;
  await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(2);
  expect(lines[1]).toContain('Own metrics arrive again');
});

test('certificates that cannot be read are an error that names the key', async () => {
  const otlp = '{endpoint: "https://127.0.0.1:1", certificate: /no/such.pem}';
  const readers = `[{periodic: {exporter: {otlp: ${otlp}}}}]`;
  await expect(start(`{readers: ${readers}}`)).rejects.toThrow(
    /periodic::exporter::otlp::certificate: cannot read \/no\/such.pem: ENOENT/,
  );
});
