import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ExporterFactory } from '../../../src/component/factory.ts';
import { targetOf } from '../../../src/exporters/otlp_grpc/endpoint.ts';
import { otlpGrpc } from '../../../src/exporters/otlp_grpc/factory.ts';
import { freePort } from '../../support/agent.ts';
import { startGrpcServer } from '../../support/otlp/server.ts';
import { batchOf, create, RETRY, run, stops } from './running.ts';

const factory = otlpGrpc as unknown as ExporterFactory;
const PLAIN = 'tls: {insecure: true}';
const ONCE = 'retry_on_failure: {enabled: false}';

async function listen(at?: number | string) {
  const server = await startGrpcServer(at);
  stops.push(server.stop);
  return server;
}

test.each([
  ['collector:4317', 'collector:4317', 'TLS'],
  ['http://collector:4317', 'collector:4317', 'plain'],
  ['http://collector:4317/', 'collector:4317', 'plain'],
  ['https://collector:4317', 'collector:4317', 'TLS'],
  ['[::1]:4317', '[::1]:4317', 'TLS'],
  ['dns:///collector:4317', 'dns:///collector:4317', 'TLS'],
  ['passthrough:///collector:4317', 'collector:4317', 'TLS'],
  ['unix:///run/otlp.sock', 'unix:///run/otlp.sock', 'TLS'],
])('endpoint %s', (endpoint, address, transport) => {
  expect(targetOf(endpoint, false, '')).toMatchObject({ address, isPlain: transport === 'plain' });
  // `insecure` is for what has no scheme that tells.
  const isPlain = !endpoint.startsWith('https:');
  expect(targetOf(endpoint, true, '')).toMatchObject({ address, isPlain });
});

test.each([
  ['', 'is required'],
  ['localhost', '"localhost" does not do: gRPC takes host:port'],
  ['http://localhost:4317/v1/metrics', 'and no path'],
  ['::1:4317', "such as 'localhost:4317' or '[::1]:4317'"],
  ['localhost:0', 'does not do'],
  ['localhost:65536', 'does not do'],
  ['ftp://localhost:21', 'does not do'],
  ['dns:///localhost', 'does not do'],
  ['unix://relative', 'has no absolute path'],
  ['https://me:secret@localhost:4317', '"https://...@localhost:4317" does not do'],
])('endpoint %j is a fault', (endpoint, reason) => {
  const make = () => create(factory, `endpoint: "${endpoint}"`);
  expect(make).toThrow('exporters::otlp_grpc::endpoint: ');
  expect(make).toThrow(reason);
});

test('a Unix socket, a resolver and IPv6 are reached', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-otlp-'));
  stops.push(() => rmSync(folder, { recursive: true }));
  const socket = `unix://${folder}/otlp.sock`;
  const [local, remote, six] = [await listen(socket), await listen(), await listen('[::1]:0')];
  for (const [endpoint, server] of [
    [socket, local],
    [`dns:///127.0.0.1:${remote.port}`, remote],
    [`passthrough:///127.0.0.1:${remote.port}`, remote],
    [`"[::1]:${six.port}"`, six],
  ] as const) {
    const before = server.taken.length;
    const { exporter } = await run(factory, endpoint, `${PLAIN}\n${RETRY}`);
    await exporter.consume(batchOf(1));
    await expect.poll(() => server.taken.length, { timeout: 3000 }).toBe(before + 1);
  }
});

test('the authority, the deadline and binary headers are sent', async () => {
  const server = await listen();
  const headers = 'headers: {A: b, trace-bin: raw}';
  const yaml = `${PLAIN}\nauthority: collector.example\ntimeout: 7s\n${headers}`;
  const { exporter } = await run(factory, `127.0.0.1:${server.port}`, yaml);
  const before = Date.now();
  await exporter.consume(batchOf(1));
  await expect.poll(() => server.headers.length).toBe(1);
  const { authority, deadline, a, 'trace-bin': binary } = server.headers[0] ?? {};
  expect([authority, a, String(binary)]).toEqual(['collector.example', 'b', 'raw']);
  const left = Number(deadline) - before;
  expect(left).toBeGreaterThan(5500);
  expect(left).toBeLessThanOrEqual(9000);
});

test('wait_for_ready waits for a server that comes; without it the attempt fails at once', async () => {
  for (const waits of [true, false]) {
    const port = await freePort();
    const yaml = `${PLAIN}\n${ONCE}\ntimeout: 20s\nwait_for_ready: ${waits}`;
    const { exporter, count } = await run(factory, `127.0.0.1:${port}`, yaml);
    await exporter.consume(batchOf(1));
    await sleep(300);
    await listen(port);
    const outcome = waits ? 'sent' : 'send_failed';
    await expect.poll(() => count(outcome), { timeout: 10_000 }).toBe(1);
  }
}, 30_000);

test('keepalive pings a connection that is silent, if it is to', async () => {
  const server = createServer();
  let pings = 0;
  server.on('session', (session) => {
    stops.push(() => session.destroy());
    session.on('ping', () => pings++);
  });
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const silent = await run(factory, endpoint, `${PLAIN}\n${ONCE}`);
  await silent.exporter.consume(batchOf(1));
  await sleep(1000);
  expect(pings).toBe(0);
  const yaml = `${PLAIN}\n${ONCE}\nkeepalive: {time: 100ms, timeout: 5s}`;
  const { exporter } = await run(factory, endpoint, yaml);
  await exporter.consume(batchOf(1));
  await expect.poll(() => pings, { timeout: 5000 }).toBeGreaterThan(2);
});

test('what is no OTLP in the answer does not undo that the request was taken', async () => {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.resume();
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([0, 0, 0, 0, 3, 0xff, 0xff, 0xff]));
  });
  server.on('session', (session) => stops.push(() => session.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { exporter, count } = await run(factory, endpoint, `${PLAIN}\n${RETRY}`);
  await exporter.consume(batchOf(2));
  await expect.poll(() => count('sent')).toBe(2);
});
