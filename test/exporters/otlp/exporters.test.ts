import { describe, expect, test } from 'vitest';
import type { ExporterFactory } from '../../../src/component/factory.ts';
import { otlpHttp } from '../../../src/exporters/otlp_http/factory.ts';
import { numberPoint, type Point } from '../../../src/pdata/point.ts';
import { createSeries } from '../../../src/pdata/series.ts';
import { freePort } from '../../support/agent.ts';
import { startHttpServer } from '../../support/otlp/server.ts';
import { batchOf, create, PROTOCOLS, RETRY, run, stops, taken, upTo } from './running.ts';

const local = (port: number) => `http://127.0.0.1:${port}`;

describe.each(PROTOCOLS)('$name', ({ factory, start, unavailable, fatal, busy }) => {
  async function setUp(yaml = '') {
    const server = await start();
    stops.push(server.stop);
    return { server, ...(await run(factory, local(server.port), `${RETRY}\n${yaml}`)) };
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

  test('a point that is larger than a request may be is dropped, said once and counted', async () => {
    const { server, exporter, count, log, fields } = await setUp('max_request_bytes: 1024');
    const { points, ...batch } = batchOf(3);
    const [first, second, third] = points as [Point, Point, Point];
    const { descriptor, labels, resource } = second.series;
    const series = createSeries(descriptor, { id: 'x'.repeat(2000) }, labels, resource);
    const large = numberPoint(series, 0, 1000, 1);
    for (let i = 0; i < 2; i++) {
      await exporter.consume({ ...batch, points: [first, large, third] });
      await expect.poll(() => count('sent')).toBe(2 * (i + 1));
    }
    expect(count('send_failed')).toBe(2);
    expect(taken(server).sort()).toEqual([0, 0, 2, 2]);
    expect(log).toEqual(['Data is dropped: a data point is larger than max_request_bytes']);
    expect(fields[0]).toMatch(/"bytes":2\d\d\d,"max_request_bytes":1024/);
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
      local(port),
      `${RETRY}\nsending_queue: {queue_size: 3, num_consumers: 1}`,
    );
    const { exporter, count } = running;
    for (let i = 0; i < 3; i++) await exporter.consume(batchOf(5));
    await expect(exporter.consume(batchOf(4))).rejects.toThrow('sending queue is full');
    expect(count('enqueue_failed')).toBe(4);
    // Past the longest interval, by the timers of RETRY.
    await new Promise((resolve) => setTimeout(resolve, 700));
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
    const { exporter, count } = await run(factory, local(port), yaml);
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

test.each(PROTOCOLS)('$name: options that cannot work are refused', ({ factory, name }) => {
  const make = (yaml: string) => () => create(factory, `endpoint: http://localhost:1\n${yaml}`);
  const key = `exporters::${name}::`;
  for (const type of ['zstd', 'snappy', 'zlib']) {
    expect(make(`compression: ${type}`)).toThrow(
      `compression: expected a supported compression, which is gzip or none, got "${type}"`,
    );
  }
  for (const type of ['gzip', 'none', '""']) expect(make(`compression: ${type}`)).not.toThrow();
  const secret = 'headers: {a: "secret\\u00e9"}';
  expect(make(secret)).toThrow(`${key}headers::a: the value has a character that no header takes`);
  expect(make(secret)).not.toThrow('secret');
  expect(make('headers: {"a b": c}')).toThrow(`${key}headers::a b: is no name of a header`);
  expect(make('headers: {Content-Length: "1"}')).toThrow('Content-Length: is not for you to set');
  expect(make('retry_on_failure: {max_elapsed_time: 1s}')).toThrow(
    `${key}retry_on_failure::max_elapsed_time: must not be less than initial_interval`,
  );
  expect(make('retry_on_failure: {randomization_factor: 2}')).toThrow('must be between 0 and 1');
  expect(make('sending_queue: {num_consumers: 0}')).toThrow('must be between 1 and');
});
