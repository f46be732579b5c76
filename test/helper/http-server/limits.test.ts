import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { Authenticator } from '../../../src/component/authenticator.ts';
import { sendChunks } from '../../../src/helper/http-server/send.ts';
import { startTestServer, type TestServer } from '../../support/http-server.ts';

const DROPPED = 'sandgauge_http_server_dropped_connections';
const REFUSED = 'sandgauge_http_server_refused_requests';
let server: TestServer;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

/** A client of its own; `text` is what came so far. */
function open(): { socket: Socket; text: () => string; closed: Promise<void> } {
  const socket = connect(server.port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  return {
    socket,
    text: () => text,
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
  };
}

test('a client that does not read loses its connection; another is served meanwhile', async () => {
  const chunk = Buffer.alloc(1 << 20);
  server = await startTestServer({ write_timeout: 3_000 }, (request, response) =>
    request.url === '/big' ? sendChunks(response, Array(64).fill(chunk)) : void response.end('ok'),
  );
  const socket = connect(server.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  socket.pause().write('GET /big HTTP/1.1\r\nhost: a\r\n\r\n');
  expect(await (await fetch(server.url)).text()).toBe('ok');
  await expect
    .poll(() => server.counts(), { timeout: 15_000 })
    .toEqual({ [`${DROPPED} slow_response`]: 1 });
  const reply = await fetch(`${server.url}/big`);
  expect((await reply.arrayBuffer()).byteLength).toBe(64 << 20);
});

test('a request whose head does not come is answered 408 in time', async () => {
  server = await startTestServer({ read_header_timeout: 300 });
  const silent = open();
  const dripping = open();
  dripping.socket.write('GET / HTTP/1.1\r\n');
  const drip = setInterval(() => dripping.socket.write('x: y\r\n'), 50);
  await Promise.all([silent.closed, dripping.closed]);
  clearInterval(drip);
  expect(dripping.text()).toMatch(/^HTTP\/1\.1 408 /);
  expect(server.counts()).toEqual({ [`${DROPPED} slow_request`]: 2 });
});

test('a head or body that is too large is refused', async () => {
  server = await startTestServer();
  const head = open();
  head.socket.write(`GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
  await head.closed;
  expect(head.text()).toMatch(/^HTTP\/1\.1 431 /);
  const told = await fetch(server.url, { method: 'POST', body: 'x'.repeat(1001) });
  expect(told.status).toBe(413);
  const chunked = open();
  chunked.socket.write('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
  chunked.socket.write(`800\r\n${'x'.repeat(0x800)}\r\n`);
  await chunked.closed;
  expect(server.counts()).toEqual({ [`${DROPPED} malformed`]: 1, [`${REFUSED} too_large`]: 2 });
});

test('rubbish is answered 400 and the next client is served', async () => {
  server = await startTestServer();
  const rubbish = open();
  rubbish.socket.write('\u0016\u0003\u0001 no http at all\r\n\r\n');
  await rubbish.closed;
  expect(rubbish.text()).toMatch(/^HTTP\/1\.1 400 /);
  expect((await fetch(server.url)).status).toBe(200);
});

test('connections over the limit find no room; when one goes there is', async () => {
  server = await startTestServer({ max_connections: 20 });
  const all = Array.from({ length: 60 }, open);
  await expect.poll(() => server.counts(), { timeout: 5_000 }).toEqual({ [`${DROPPED} full`]: 40 });
  for (const { socket } of all) socket.destroy();
  const status = async () => (await fetch(server.url).catch(() => undefined))?.status;
  await expect.poll(status, { timeout: 5_000 }).toBe(200);
});

test('some requests ahead are answered in order, a thousand are not', async () => {
  let asked = 0;
  server = await startTestServer({}, async (request, response) => {
    asked++;
    await sleep(20);
    response.end(`${request.url} `);
  });
  const few = open();
  few.socket.write([1, 2, 3].map((i) => `GET /${i} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
  await expect.poll(() => few.text().match(/\/\d /g)).toEqual(['/1 ', '/2 ', '/3 ']);
  const many = open();
  many.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(1000));
  await many.closed;
  expect(server.counts()).toEqual({ [`${DROPPED} pipelined`]: 1 });
  expect(asked).toBeLessThan(30);
});

test('a handler that fails is 500, counted, said once', async () => {
  server = await startTestServer({}, async () => {
    throw new Error('no');
  });
  expect((await fetch(server.url)).status).toBe(500);
  expect((await fetch(server.url)).status).toBe(500);
  expect(server.counts()).toEqual({ [`${REFUSED} failed`]: 2 });
  expect(server.log).toHaveLength(1);
});

test('who is denied gets 401 and the challenge, who is too many 503', async () => {
  const authenticator: Authenticator = {
    challenge: 'Test realm="x"',
    header: 'authorization',
    start: async () => {},
    shutdown: async () => {},
    authenticate: async (text) =>
      text === 'me' ? 'granted' : text === 'later' ? 'busy' : 'denied',
  };
  const auth = { authenticator: 'test' };
  server = await startTestServer({ auth }, undefined, authenticator);
  const ask = (authorization: string) => fetch(server.url, { headers: { authorization } });
  expect((await ask('me')).status).toBe(200);
  expect((await ask('later')).status).toBe(503);
  const denied = await ask('you');
  expect([denied.status, denied.headers.get('www-authenticate')]).toEqual([401, 'Test realm="x"']);
  expect((await fetch(server.url)).status).toBe(401);
  expect(server.counts()).toEqual({ [`${REFUSED} unauthenticated`]: 2, [`${REFUSED} busy`]: 1 });
});

test('an authenticator that does not run is a fault of the key', async () => {
  server = await startTestServer();
  const start = (id: string) => startTestServer({ auth: { authenticator: id } });
  await expect(start('basicauth')).rejects.toThrow(
    'test::auth::authenticator: no extension "basicauth" runs',
  );
  await expect(start('')).rejects.toThrow('test::auth::authenticator: must name');
});

test('an extension that logs in but judges nobody is a fault of both keys', async () => {
  server = await startTestServer();
  const client = { credentials: () => ({}), start: async () => {}, shutdown: async () => {} };
  const auth = { authenticator: 'basicauth/client' };
  await expect(startTestServer({ auth }, undefined, client as never)).rejects.toThrow(
    'test::auth::authenticator: extensions::basicauth/client does not authenticate others: basicauth does by htpasswd',
  );
});

test('an authenticator says which header it judges', async () => {
  const authenticator: Authenticator = {
    ...{ challenge: 'Key', header: 'x-api-key' },
    start: async () => {},
    shutdown: async () => {},
    authenticate: async (text) => (text === 'me' ? 'granted' : 'denied'),
  };
  server = await startTestServer({ auth: { authenticator: 'test' } }, undefined, authenticator);
  const ask = (headers: Record<string, string>) => fetch(server.url, { headers });
  expect((await ask({ 'X-Api-Key': 'me' })).status).toBe(200);
  expect((await ask({ authorization: 'me' })).status).toBe(401);
});
