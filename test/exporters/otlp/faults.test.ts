import { createServer, type Http2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ExporterFactory } from '../../../src/component/factory.ts';
import { otlpGrpc } from '../../../src/exporters/otlp_grpc/factory.ts';
import { startFaultProxy } from '../../support/otlp/fault-proxy.ts';
import { valuesIn } from '../../support/otlp/numbers.ts';
import { startGrpcServer } from '../../support/otlp/server.ts';
import { batchOf, PROTOCOLS, RETRY, run, stops, taken, upTo } from './running.ts';

const LONG = { timeout: 20_000 };
const ONE_BY_ONE = 'sending_queue: {num_consumers: 1}';
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const grpc = otlpGrpc as unknown as ExporterFactory;

describe.each(PROTOCOLS)('$name', ({ factory, start, unavailable, fatal, busy, name }) => {
  async function setUp(yaml = '') {
    const server = await start();
    stops.push(server.stop);
    const proxy = await startFaultProxy(server.port);
    stops.push(proxy.stop);
    const running = await run(factory, `http://127.0.0.1:${proxy.port}`, `${RETRY}\n${yaml}`);
    return { server, proxy, ...running };
  }

  test('connections reset within a request: every point arrives once', async () => {
    const { server, proxy, exporter, count } = await setUp('compression: none');
    proxy.cuts.push(20_000, 5_000, 20_000, 40_000, 30_000);
    for (const i of upTo(5)) await exporter.consume(batchOf(2000, i * 2000));
    await expect.poll(() => count('sent'), LONG).toBe(10_000);
    expect(proxy.resets).toBe(5);
    expect(sorted(taken(server))).toEqual(upTo(10_000));
    expect(count('send_failed')).toBe(0);
  }, 30_000);

  test('an answer that is lost: that request is there twice, the others once', async () => {
    const { server, proxy, exporter, count } = await setUp(ONE_BY_ONE);
    server.answers.push({}, { taken: proxy.resetAll }, {});
    for (const i of upTo(3)) await exporter.consume(batchOf(10, i * 10));
    await expect.poll(() => count('sent'), LONG).toBe(30);
    expect(server.taken.map((request) => valuesIn(request)[0])).toEqual([0, 10, 10, 20]);
    expect(new Set(taken(server))).toEqual(new Set(upTo(30)));
    expect(count('send_failed')).toBe(0);
  });

  test('an answer after our timeout is one that is lost', async () => {
    const { server, exporter, count } = await setUp(`timeout: 500ms\n${ONE_BY_ONE}`);
    server.answers.push({ delayMillis: 1200 });
    for (const i of upTo(2)) await exporter.consume(batchOf(10, i * 10));
    await expect.poll(() => count('sent'), LONG).toBe(20);
    await expect.poll(() => server.taken.length, LONG).toBe(3);
    expect(sorted(taken(server))).toEqual(sorted([...upTo(10), ...upTo(20)]));
    expect(count('send_failed')).toBe(0);
  });

  test('a slow server gets every point once, and the queue says how much waits', async () => {
    const yaml = 'sending_queue: {num_consumers: 2, queue_size: 30}';
    const { server, exporter, count, read } = await setUp(yaml);
    server.answers.push(...upTo(30).map(() => ({ delayMillis: 60 })));
    for (const i of upTo(30)) await exporter.consume(batchOf(10, i * 10));
    expect(read('queue_capacity')).toBe(30);
    expect(read('queue_size')).toBeGreaterThan(20);
    await expect.poll(() => count('sent'), LONG).toBe(300);
    expect(sorted(taken(server))).toEqual(upTo(300));
    await expect.poll(() => read('queue_size')).toBe(0);
  });

  test('what was taken in part is never sent again; what was rejected is said and counted', async () => {
    const { server, exporter, count, fields } = await setUp();
    server.answers.push({ partial: { rejected: 2, message: 'too old' } });
    await exporter.consume(batchOf(5));
    await expect.poll(() => count('sent')).toBe(3);
    expect(count('send_failed')).toBe(2);
    await sleep(150);
    expect(server.headers).toHaveLength(1);
    expect(fields.join()).toContain('"message":"too old","dropped_data_points":2');
  });

  test('whatever happens, each point is either sent or counted as lost', async () => {
    const yaml = 'timeout: 100ms\nsending_queue: {num_consumers: 3, queue_size: 50}';
    const { server, proxy, exporter, count } = await setUp(yaml);
    let lost = 0;
    const dropped = new Set<number>();
    const faults = [
      {},
      { code: unavailable },
      { delayMillis: 200 },
      { code: busy, retryAfter: 0 },
      { partial: { rejected: 1, message: 'no' } },
      { code: fatal },
      { taken: proxy.resetAll },
    ];
    server.answers.push(...upTo(120).map((i) => faults[(i * 5 + (i >> 3)) % faults.length] ?? {}));
    for (const i of upTo(80)) {
      await exporter.consume(batchOf(10, i * 10)).catch(() => {
        lost += 10;
        dropped.add(i * 10);
      });
      if (i % 10 === 0) await sleep(20);
    }
    const sum = () => count('sent') + count('send_failed') + count('enqueue_failed');
    await expect.poll(sum, LONG).toBe(800);
    expect(count('enqueue_failed')).toBe(lost);
    expect(count('send_failed')).toBeGreaterThan(0);
    const arrived = new Set(taken(server));
    expect(upTo(800)).toEqual(expect.arrayContaining([...arrived]));
    // Of what was sent each point is there, but for those that the other side threw away itself.
    expect(arrived.size).toBeGreaterThanOrEqual(count('sent'));
    for (const first of dropped) expect(arrived.has(first)).toBe(false);
  }, 30_000);

  test(`${name}: told to wait without a time`, async () => {
    const { server, exporter, count } = await setUp();
    server.answers.push({ code: busy });
    await exporter.consume(batchOf(3));
    // gRPC: it cannot recover. HTTP: it is as 503.
    const isRetried = name === 'otlp_http';
    await expect.poll(() => count(isRetried ? 'sent' : 'send_failed')).toBe(3);
    expect(server.headers).toHaveLength(isRetried ? 2 : 1);
    expect(taken(server)).toEqual(isRetried ? upTo(3) : []);
  });
});

test('gRPC: GOAWAY at any moment loses nothing and sends nothing twice', async () => {
  const server = await startGrpcServer();
  stops.push(server.stop);
  const { exporter, count } = await run(grpc, `http://127.0.0.1:${server.port}`, RETRY);
  server.answers.push(...upTo(60).map(() => ({ delayMillis: 5 })));
  for (const i of upTo(60)) {
    await exporter.consume(batchOf(10, i * 10));
    if (i % 6 === 3) server.goAway();
    await sleep(3);
  }
  await expect.poll(() => count('sent'), LONG).toBe(600);
  expect(sorted(taken(server))).toEqual(upTo(600));
  expect(count('send_failed')).toBe(0);
}, 30_000);

test('gRPC: a request that GOAWAY refuses is sent again on a new connection', async () => {
  const sessions: Http2Session[] = [];
  const server = createServer();
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    if (sessions.length === 1) {
      stream.session?.goaway(0, 0);
      return void stream.session?.destroy();
    }
    stream.resume();
    stream.on('end', () => {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc' },
        { waitForTrailers: true },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.alloc(5));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { exporter, count } = await run(grpc, `http://127.0.0.1:${port}`, RETRY);
  await exporter.consume(batchOf(7));
  await expect.poll(() => count('sent'), LONG).toBe(7);
  expect(sessions).toHaveLength(2);
  expect(count('send_failed')).toBe(0);
}, 30_000);
