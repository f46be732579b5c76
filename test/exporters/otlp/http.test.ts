import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { ExporterFactory } from '../../../src/component/factory.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { CONFIG } from '../../../src/exporters/otlp_http/config.ts';
import { urlOf } from '../../../src/exporters/otlp_http/endpoint.ts';
import { otlpHttp } from '../../../src/exporters/otlp_http/factory.ts';
import { throttleOf } from '../../../src/helper/exporter/http-reply.ts';
import { makeAuthority } from '../../support/certificates.ts';
import { startHttpServer } from '../../support/otlp/server.ts';
import { batchOf, create, RETRY, run, stops, taken } from './running.ts';
import { startTlsServer } from './tls-server.ts';

const factory = otlpHttp as unknown as ExporterFactory;
afterEach(() => vi.unstubAllEnvs());

test.each([
  ['endpoint: http://localhost:4318', 'http://localhost:4318/v1/metrics'],
  ['endpoint: https://c.example', 'https://c.example/v1/metrics'],
  ['endpoint: https://c.example/otlp/', 'https://c.example/otlp/v1/metrics'],
  ['endpoint: "http://[::1]:4318/a/b?key=c"', 'http://[::1]:4318/a/b/v1/metrics?key=c'],
  ['metrics_endpoint: http://a/b\nendpoint: http://c', 'http://a/b'],
])('%s', (yaml, url) => {
  const config = decode(CONFIG, confOf(parseYaml(yaml, 'test')));
  expect(urlOf(config, '').href).toBe(url);
});

test.each([
  ['', 'otlp_http::endpoint: is required'],
  ['endpoint: localhost:4318', 'otlp_http::endpoint: "localhost:4318" is no URL: it begins with'],
  ['metrics_endpoint: x', 'otlp_http::metrics_endpoint: "x" is no URL'],
  ['endpoint: "me:secret@localhost:4318"', '"...@localhost:4318" is no URL'],
  ['endpoint: http://me:secret@localhost:4318', 'has a login: give it by auth and basicauth'],
  ['endpoint: http://x\nproxy_url: secret', 'otlp_http::proxy_url: is no URL of a proxy'],
])('%j is a fault', (yaml, reason) => {
  expect(() => create(factory, yaml)).toThrow(reason);
});

test('Retry-After in seconds and as a date, of 429 and 503 alone', () => {
  const of = (status: number, value: string) => throttleOf(status, { 'retry-after': value });
  expect([of(429, '7'), of(503, '1'), of(502, '7'), of(504, '7')]).toEqual([7000, 1000, 0, 0]);
  for (const none of ['', '-5', 'soon', '1e99', 'Infinity']) expect(of(503, none)).toBe(0);
  const date = of(503, new Date(Date.now() + 60_000).toUTCString());
  expect(date).toBeGreaterThan(58_000);
  expect(date).toBeLessThanOrEqual(60_000);
  expect(of(503, 'Wed, 21 Oct 2015 07:28:00 GMT')).toBe(0);
  expect(throttleOf(503, {})).toBe(0);
});

test('a date in Retry-After is kept', async () => {
  const server = await startHttpServer();
  stops.push(server.stop);
  const { exporter, count } = await run(factory, `http://127.0.0.1:${server.port}`, RETRY);
  const until = Math.ceil(Date.now() / 1000 + 1) * 1000;
  server.answers.push({ code: 503, retryAfter: new Date(until).toUTCString() });
  await exporter.consume(batchOf(1));
  await expect.poll(() => count('sent'), { timeout: 5000 }).toBe(1);
  expect(Date.now()).toBeGreaterThanOrEqual(until - 20);
});

/** A proxy that tells what it was asked for. */
async function startProxy(): Promise<{ port: number; asked: string[]; logins: string[] }> {
  const [asked, logins] = [[], []] as string[][] as [string[], string[]];
  const proxy: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    logins.push(request.headers['proxy-authorization'] ?? '');
    request.resume().on('end', () => response.end());
  });
  proxy.on('connect', (request, socket, head) => {
    asked.push(`CONNECT ${request.url}`);
    logins.push(request.headers['proxy-authorization'] ?? '');
    const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    for (const each of [socket, upstream]) each.on('error', () => each.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { port: (proxy.address() as AddressInfo).port, asked, logins };
}

test('proxy_url: plain requests go as they are, those with TLS through a tunnel', async () => {
  const authority = makeAuthority();
  const server = await startTlsServer('otlp_http', authority);
  stops.push(server.stop, authority.remove);
  const proxy = await startProxy();
  const url = `proxy_url: http://me:secret@127.0.0.1:${proxy.port}`;
  const plain = await run(factory, 'http://collector.example:4318', `${RETRY}\n${url}`);
  await plain.exporter.consume(batchOf(1));
  await expect.poll(() => plain.count('sent')).toBe(1);
  const yaml = `${RETRY}\n${url}\ntls: {ca_file: ${authority.ca}}`;
  const secure = await run(factory, `https://localhost:${server.port}`, yaml);
  await secure.exporter.consume(batchOf(1));
  await expect.poll(() => secure.count('sent')).toBe(1);
  expect(taken(server)).toEqual([0]);
  expect(proxy.asked).toEqual([
    'POST http://collector.example:4318/v1/metrics',
    `CONNECT localhost:${server.port}`,
  ]);
  expect(new Set(proxy.logins)).toEqual(
    new Set([`Basic ${Buffer.from('me:secret').toString('base64')}`]),
  );
});

test('a proxy that does not answer holds up neither an attempt nor a stop', async () => {
  const proxy = createServer().on('connect', () => {});
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  stops.push(() => proxy.close());
  const { port } = proxy.address() as AddressInfo;
  const yaml = `timeout: 200ms\nretry_on_failure: {enabled: false}\nproxy_url: http://127.0.0.1:${port}`;
  const { exporter, count, fields } = await run(factory, 'https://collector.example', yaml);
  await exporter.consume(batchOf(1));
  await expect.poll(() => count('send_failed'), { timeout: 3000 }).toBe(1);
  expect(fields.join()).toContain('aborted due to timeout');
  const startedAt = performance.now();
  await exporter.shutdown();
  expect(performance.now() - startedAt).toBeLessThan(2000);
});

test('the proxy of the environment is used, but not for this host, nor where NO_PROXY says', async () => {
  const proxy = await startProxy();
  vi.stubEnv('HTTP_PROXY', `127.0.0.1:${proxy.port}`);
  vi.stubEnv('NO_PROXY', 'direct.example');
  const push = async (endpoint: string) => {
    const yaml = 'retry_on_failure: {enabled: false}';
    const { exporter, count } = await run(factory, endpoint, yaml);
    await exporter.consume(batchOf(1));
    await expect.poll(() => count('sent') + count('send_failed'), { timeout: 10_000 }).toBe(1);
  };
  await push('http://collector.example:4318');
  expect(proxy.asked).toEqual(['POST http://collector.example:4318/v1/metrics']);
  const server = await startHttpServer();
  stops.push(server.stop);
  await push(`http://127.0.0.1:${server.port}`);
  expect(server.taken).toHaveLength(1);
  await push('http://direct.example:4318');
  expect(proxy.asked).toHaveLength(1);
}, 20_000);
