import { chmodSync, copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, expect, test } from 'vitest';
import { Opaque } from '../../../src/confmap/secret.ts';
import type { HttpServerConfig } from '../../../src/helper/http-server/options.ts';
import { sendChunks } from '../../../src/helper/http-server/send.ts';
import { makeAuthority } from '../../support/certificates.ts';
import { startTestServer, type TestServer } from '../../support/http-server.ts';

const authority = makeAuthority();
const ca = readFileSync(authority.ca);
const NONE = new Opaque('');
let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => authority.remove());

function tlsOf(name: string, own: Partial<NonNullable<HttpServerConfig['tls']>> = {}) {
  const { cert, key } = authority.issue(name);
  return {
    cert_file: cert,
    key_file: key,
    cert_pem: '',
    key_pem: NONE,
    client_ca_file: '',
    min_version: 'TLSv1.2',
    max_version: 'TLSv1.3',
    reload_interval: 60_000,
    ...own,
  } as const;
}

/** The answer, and the common name of the certificate that the server showed. */
function ask(port: number, options: object = {}): Promise<{ text: string; name: string }> {
  return new Promise((resolve, reject) => {
    const request = get({ host: 'localhost', port, ca, ...options }, (reply) => {
      const name = String((reply.socket as TLSSocket).getPeerCertificate().subject.CN);
      let text = '';
      reply.on('data', (chunk) => {
        text += chunk;
      });
      reply.on('end', () => resolve({ text, name }));
    });
    request.on('error', reject);
  });
}

test('it serves TLS from 1.2 on, and not what is older', async () => {
  server = await startTestServer({ tls: tlsOf('one') });
  const { port } = server;
  expect(server.url).toBe(`https://localhost:${port}`);
  expect(await ask(port)).toEqual({ text: 'ok\n', name: 'one' });
  expect(await ask(port, { maxVersion: 'TLSv1.2' })).toMatchObject({ text: 'ok\n' });
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  await expect(ask(port, old)).rejects.toThrow();
  await expect(fetch(`http://localhost:${port}`)).rejects.toThrow();
  expect(server.counts()['sandgauge_http_server_dropped_connections tls']).toBe(2);
});

test('min_version 1.3 refuses 1.2', async () => {
  server = await startTestServer({ tls: tlsOf('strict', { min_version: 'TLSv1.3' }) });
  const { port } = server;
  expect(await ask(port)).toMatchObject({ text: 'ok\n' });
  await expect(ask(port, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
});

test('with client_ca_file only clients of that authority are served', async () => {
  server = await startTestServer({ tls: tlsOf('mutual', { client_ca_file: authority.ca }) });
  const { port } = server;
  await expect(ask(port)).rejects.toThrow();
  const other = makeAuthority();
  const foreign = other.issue('client');
  const filesOf = (files: typeof foreign) => ({
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
  });
  await expect(ask(port, filesOf(foreign))).rejects.toThrow();
  other.remove();
  expect(await ask(port, filesOf(authority.issue('client')))).toMatchObject({ text: 'ok\n' });
});

test('certificates given as text serve', async () => {
  const { cert_file, key_file, ...rest } = tlsOf('inline');
  const texts = {
    cert_pem: readFileSync(cert_file, 'utf8'),
    key_pem: new Opaque(readFileSync(key_file, 'utf8')),
  };
  server = await startTestServer({ tls: { ...rest, cert_file: '', key_file: '', ...texts } });
  expect(await ask(server.port)).toMatchObject({ name: 'inline' });
});

test('new certificates are taken under load, broken ones are not, and no request fails', async () => {
  const tls = tlsOf('before');
  const next = authority.issue('after');
  server = await startTestServer({ tls });
  const { port, log, counts } = server;
  const kept = new Agent({ keepAlive: true, maxSockets: 4 });
  const names = new Set<string>();
  let isOver = false;
  let asked = 0;
  const load = async (agent?: Agent) => {
    while (!isOver) {
      const { text, name } = await ask(port, agent === undefined ? { agent: false } : { agent });
      expect(text).toBe('ok\n');
      if (agent === undefined) names.add(name);
      asked++;
    }
  };
  const loads = [load(), load(), load(kept), load(kept)];
  writeFileSync(tls.cert_file, 'rubbish');
  await expect.poll(() => log.join('\n'), { timeout: 5_000 }).toContain('Kept the old content');
  writeFileSync(tls.cert_file, 'more rubbish');
  await sleep(500);
  expect([...names]).toEqual(['before']);
  expect(log).toHaveLength(1);
  expect(log.join()).toContain(`test::tls::cert_file: ${tls.cert_file} holds no valid PEM`);
  // As an operator replaces them: the key alone does not fit yet.
  for (const [from, to] of [
    [next.key, tls.key_file] as const,
    [next.cert, tls.cert_file] as const,
  ]) {
    copyFileSync(from, `${to}.new`);
    chmodSync(`${to}.new`, 0o600);
    renameSync(`${to}.new`, to);
  }
  await expect.poll(() => [...names], { timeout: 5_000 }).toContain('after');
  isOver = true;
  await Promise.all(loads);
  kept.destroy();
  expect(asked).toBeGreaterThan(50);
  expect(log.at(-1)).toContain('Changed files are good again');
  expect(counts()['sandgauge_config_file_reloads succeeded']).toBe(1);
});

test('the interval finds what no event told', async () => {
  const tls = tlsOf('timed', { reload_interval: 50 });
  server = await startTestServer({ tls });
  const next = authority.issue('later');
  copyFileSync(next.key, tls.key_file);
  copyFileSync(next.cert, tls.cert_file);
  const { port } = server;
  const name = async () => (await ask(port, { agent: false })).name;
  await expect.poll(name, { timeout: 5_000 }).toBe('later');
});

test.each([
  ['a missing file', { cert_file: '/none/x.crt' }, /test::tls::cert_file: .*\/none\/x\.crt: there/],
  ['no certificate', { cert_file: '' }, /test::tls: needs cert_file or cert_pem/],
  ['both', { cert_pem: 'x' }, /test::tls: has both cert_file and cert_pem/],
  ['a key that is none', { key_file: '', key_pem: new Opaque('x') }, /key_pem: the text holds no/],
  ['a missing authority', { client_ca_file: '/none' }, /client_ca_file: cannot read \/none/],
  ['versions', { min_version: 'TLSv1.3', max_version: 'TLSv1.2' }, /max_version: is below/],
] as const)('%s is a fault of its key', async (_, own, fault) => {
  await expect(startTestServer({ tls: tlsOf('faulty', own) })).rejects.toThrow(fault);
});

test('a key of another certificate is a fault', async () => {
  const other = authority.issue('other');
  const starting = startTestServer({ tls: tlsOf('pair', { key_file: other.key }) });
  await expect(starting).rejects.toThrow(/test::tls::key_file: .* is not the key of/);
});

test.each([0o644, 0o604, 0o660])('a key file with rights %o is a fault', async (mode) => {
  const tls = tlsOf('open');
  chmodSync(tls.key_file, mode);
  const starting = startTestServer({ tls });
  await expect(starting).rejects.toThrow(`chmod 0640 or 0400 on ${tls.key_file}`);
  chmodSync(tls.key_file, 0o640);
  server = await startTestServer({ tls });
});

test('an address that others reach without TLS is said once', async () => {
  const endpoint = { host: '0.0.0.0', port: 0 };
  server = await startTestServer({ endpoint });
  expect(server.log).toHaveLength(1);
  expect(server.log[0]).toContain('without TLS');
  await server.close();
  server = await startTestServer({ endpoint, tls: tlsOf('wide') });
  expect(server.log).toEqual([]);
});

test('a client that never ends its handshake is cut off', async () => {
  server = await startTestServer({ tls: tlsOf('slow'), read_header_timeout: 200 });
  const socket = connect(server.port, '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await closed;
  expect(server.counts()).toEqual({ 'sandgauge_http_server_dropped_connections tls': 1 });
  connect(server.port, '127.0.0.1').on('error', () => {});
  await sleep(50);
  const start = performance.now();
  await server.close();
  expect(performance.now() - start).toBeLessThan(3_000);
});

test('a client that does not read loses its connection under TLS too', async () => {
  const config = { tls: tlsOf('unread'), write_timeout: 300 };
  server = await startTestServer(config, (_, response) =>
    sendChunks(response, Array(64).fill(Buffer.alloc(1 << 20))),
  );
  const before = process.memoryUsage().external;
  const socket = connectTls({ host: 'localhost', port: server.port, ca });
  socket.on('error', () => {});
  socket.pause().write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await sleep(150);
  expect(process.memoryUsage().external - before).toBeLessThan(32 << 20);
  const slow = 'sandgauge_http_server_dropped_connections slow_response';
  await expect.poll(() => server?.counts(), { timeout: 5_000 }).toEqual({ [slow]: 1 });
  socket.destroy();
});
