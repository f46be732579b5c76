import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { endedPoint, numberPoint } from '../../../src/pdata/point.ts';
import { createSeries, NO_LABELS } from '../../../src/pdata/series.ts';
import { startFaultProxy } from '../../support/otlp/fault-proxy.ts';
import { startWriteServer } from '../../support/remote-write/server.ts';
import { batchOf, create, RETRY, run, stops } from './running.ts';

const LONG = { timeout: 20_000 };
const T = 1_760_000_000_000;
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const RESOURCE = { attributes: { 'host.name': 'node' } };
const series = upTo(200).map((i) =>
  createSeries(MEMORY.container_memory_rss, { id: `/x${i}` }, NO_LABELS, RESOURCE),
);
/** Pass `k` of all series; several requests at 4 KiB each. */
const pass = (k: number, count = series.length) =>
  batchOf(
    series.slice(0, count).map((each, i) => numberPoint(each, 0, T + k * 1000, k * 1000 + i)),
  );
const SMALL = 'max_batch_size_bytes: 4096';

async function setUp(yaml = '') {
  const server = await startWriteServer();
  stops.push(server.stop);
  const proxy = await startFaultProxy(server.port);
  stops.push(proxy.stop);
  const running = await run(proxy.port, `${RETRY}\n${yaml}`);
  const points = (name: string) => running.count(`otelcol_exporter_${name}_metric_points`);
  const times = () =>
    [...server.rows.values()].map((row) => row.map(({ time }) => (time - T) / 1000));
  return { server, proxy, ...running, points, times };
}

test('what the protocol asks for is in each request, and what is configured', async () => {
  const { server, exporter, points } = await setUp(
    'headers: {X-Scope-OrgID: team, User-Agent: me}',
  );
  await exporter.consume(pass(1, 1));
  await expect.poll(() => points('sent')).toBe(1);
  expect(server.headers[0]).toMatchObject({
    ...{ path: '/api/v1/write', 'content-type': 'application/x-protobuf' },
    ...{ 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' },
    ...{ 'user-agent': 'me', 'x-scope-orgid': 'team' },
  });
});

test('what an extension has to log in with is in each request', async () => {
  const server = await startWriteServer();
  stops.push(server.stop);
  let token = 'one';
  const extension = {
    ...{ start: async () => {}, shutdown: async () => {} },
    credentials: () => ({ header: 'authorization', value: `Bearer ${token}` }),
  };
  const { exporter, count } = await run(server.port, 'auth: {authenticator: mine}', extension);
  await exporter.consume(pass(1));
  await expect.poll(() => count('otelcol_exporter_sent_metric_points')).toBe(200);
  token = 'two';
  await exporter.consume(pass(2));
  await expect.poll(() => count('otelcol_exporter_sent_metric_points')).toBe(400);
  const logins = server.headers.map(({ authorization }) => authorization);
  expect(logins).toEqual(['Bearer one', 'Bearer two']);
});

test('429 with Retry-After is kept to, 500 and 503 are retried', async () => {
  const { server, exporter, points, times } = await setUp();
  server.answers.push({ status: 429, retryAfter: '1' }, { status: 500 }, { status: 503 });
  const start = performance.now();
  await exporter.consume(pass(1));
  await exporter.consume(pass(2));
  await expect.poll(() => points('sent'), LONG).toBe(400);
  expect(performance.now() - start).toBeGreaterThan(990);
  expect(server.headers).toHaveLength(5);
  expect(times()).toEqual(series.map(() => [1, 2]));
  expect(points('send_failed')).toBe(0);
});

test.each([400, 404, 413, 422, 301])(
  '%d: dropped at once, counted, the reason told',
  async (status) => {
    const { server, exporter, points, times, log } = await setUp();
    server.answers.push({ status, body: 'no\nsuch\u0007thing' });
    await exporter.consume(pass(1));
    await exporter.consume(pass(2));
    await expect.poll(() => points('sent')).toBe(200);
    expect(points('send_failed')).toBe(200);
    expect(server.headers).toHaveLength(2);
    expect(times()).toEqual(series.map(() => [2]));
    expect(log.join('\n')).toContain(`HTTP status ${status}: no such thing`);
  },
);

test('the requests of a batch go side by side, those of the next wait for them', async () => {
  const { server, exporter, points, times } = await setUp(
    `${SMALL}\nremote_write_queue: {num_consumers: 3}`,
  );
  // The first is slow, then fails: the second pass must not overtake it.
  server.answers.push({ delayMillis: 200, status: 503 });
  for (const k of [1, 2, 3]) await exporter.consume(pass(k));
  await expect.poll(() => points('sent'), LONG).toBe(600);
  expect(server.faults).toEqual([]);
  expect(times()).toEqual(series.map(() => [1, 2, 3]));
  const passes = server.taken.map((write) => ((write.series[0]?.samples[0]?.time ?? 0) - T) / 1000);
  expect(passes).toEqual([...passes].sort());
  expect(passes.filter((k) => k === 1).length).toBeGreaterThan(3);
});

test('connections reset within a request', async () => {
  const { server, proxy, exporter, points, times } = await setUp(SMALL);
  proxy.cuts.push(300, 500, 100, 700, 900);
  for (const k of upTo(5)) await exporter.consume(pass(k));
  await expect.poll(() => points('sent'), LONG).toBe(1000);
  expect(proxy.resets).toBe(5);
  expect(server.faults).toEqual([]);
  expect(times()).toEqual(series.map(() => upTo(5)));
});

test('an answer that is lost or late: sent again, and nothing is out of order', async () => {
  const { server, exporter, points, times } = await setUp(`${SMALL}\ntimeout: 150ms`);
  server.answers.push({}, { breaks: 'after' }, { delayMillis: 400 }, {}, { breaks: 'before' });
  for (const k of upTo(4)) await exporter.consume(pass(k));
  await expect.poll(() => points('sent'), LONG).toBe(800);
  await sleep(400);
  expect(points('send_failed')).toBe(0);
  expect(times()).toEqual(series.map(() => upTo(4)));
});

test('whatever happens, no series is out of order, and each point is sent or counted as lost', async () => {
  const yaml = 'timeout: 100ms\nremote_write_queue: {num_consumers: 3, queue_size: 30}';
  const { server, proxy, exporter, points } = await setUp(`${SMALL}\n${yaml}`);
  const faults = [
    ...[{}, { status: 503 }, { delayMillis: 130 }, { status: 429, retryAfter: '0' }, {}],
    ...[{ breaks: 'after' as const }, { status: 400 }, { breaks: 'before' as const }, {}],
  ];
  server.answers.push(...upTo(300).map((i) => faults[(i * 5 + (i >> 3)) % faults.length] ?? {}));
  for (const k of upTo(40)) {
    await exporter.consume(pass(k)).catch(() => {});
    await sleep(k % 4 === 0 ? 60 : 5);
    if (k % 10 === 5) proxy.resetAll();
  }
  const sum = () => points('sent') + points('send_failed') + points('enqueue_failed');
  await expect.poll(sum, LONG).toBe(40 * 200);
  expect(points('send_failed')).toBeGreaterThan(0);
  expect(points('sent')).toBeGreaterThan(0);
  expect(server.faults).toEqual([]);
  const kept = [...server.rows.values()].reduce((total, row) => total + row.length, 0);
  expect(kept).toBeGreaterThanOrEqual(points('sent'));
}, 60_000);

test('a slow server: the queue fills, what finds no room is counted, the rest is in order', async () => {
  const { server, exporter, points } = await setUp('remote_write_queue: {queue_size: 3}');
  server.answers.push(...upTo(20).map(() => ({ delayMillis: 50 })));
  for (const k of upTo(20)) await exporter.consume(pass(k)).catch(() => {});
  expect(points('enqueue_failed')).toBeGreaterThan(0);
  await expect.poll(() => points('sent') + points('enqueue_failed'), LONG).toBe(4000);
  expect(server.faults).toEqual([]);
});

test('a stop sends what waits; without a queue a batch is sent at once', async () => {
  const { server, exporter, points } = await setUp('remote_write_queue: {enabled: false}');
  await exporter.consume(pass(1));
  expect(points('sent')).toBe(200);
  server.answers.push({ status: 400 });
  await expect(exporter.consume(pass(2))).rejects.toThrow('HTTP status 400');
  const other = await setUp();
  await other.exporter.consume(pass(1));
  await other.exporter.consume(batchOf(series.map((each) => endedPoint(each, T + 2000))));
  await other.exporter.shutdown();
  expect(other.points('sent')).toBe(400);
  expect([...other.server.rows.values()].every((row) => row[1]?.value === 'stale')).toBe(true);
});

test.each([
  ['', 'prometheusremotewrite::endpoint: is required'],
  ['endpoint: localhost:9090', '"localhost:9090" is no URL: it begins with'],
  [
    'endpoint: http://x\nprotobuf_message: io.prometheus.write.v2.Request',
    'version 2.0 of the protocol is not',
  ],
  ['endpoint: http://x\ncompression: gzip', 'compression'],
  ['endpoint: http://x\nexternal_labels: {node: ""}', 'external_labels::node: has no value'],
  ['endpoint: http://x\nexternal_labels: {__name__: x}', 'is no label name'],
  ['endpoint: http://x\nheaders: {"a b": c}', 'headers::a b: is no name of a header'],
  [
    'endpoint: http://x\nretry_on_failure: {max_elapsed_time: 1s}',
    'must not be less than max_interval',
  ],
])('%j is a fault', (yaml, reason) => {
  expect(() => create(yaml)).toThrow(reason);
});
