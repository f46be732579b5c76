import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Extension } from '../../../src/component/component.ts';
import type { ExtensionFactory } from '../../../src/component/factory.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { basicauth } from '../../../src/extensions/basicauth/factory.ts';
import { bearertokenauth } from '../../../src/extensions/bearertokenauth/factory.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { type Authority, makeAuthority } from '../../support/certificates.ts';
import { batchOf, create, PROTOCOLS, RETRY, run, stops } from './running.ts';
import { startTlsServer } from './tls-server.ts';

let authority: Authority;
const folder = mkdtempSync(join(tmpdir(), 'sandgauge-auth-'));
beforeAll(() => {
  authority = makeAuthority();
});
afterAll(() => {
  authority.remove();
  rmSync(folder, { recursive: true });
});

async function extensionOf(factory: unknown, yaml: string): Promise<Extension> {
  const { metadata, config, create: make } = factory as ExtensionFactory;
  const { counter, gauge } = createOwnMetrics();
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const settings = { telemetry: { logger, counter, gauge }, now: Date.now };
  const id = parseComponentId(metadata.type, '');
  const made = make({ id, ...settings }, decode(config, confOf(parseYaml(yaml, 'test'))));
  await made.start({} as never);
  stops.push(() => made.shutdown());
  return made;
}

const CLIENT = 'client_auth: {username: me, password: pass}';

describe.each(PROTOCOLS)('$name', ({ name, factory }) => {
  async function push(yaml: string, extensions: Record<string, Extension>) {
    const server = await startTlsServer(name, authority);
    stops.push(server.stop);
    const more = `${RETRY}\ntls: {ca_file: ${authority.ca}}\n${yaml}`;
    const running = await run(factory, `https://localhost:${server.port}`, more, extensions);
    await running.exporter.consume(batchOf(1));
    await expect.poll(() => server.taken.length).toBe(1);
    return { server, ...running };
  }

  test('basicauth', async () => {
    const extension = await extensionOf(basicauth, CLIENT);
    const { server } = await push('auth: {authenticator: basicauth/client}', {
      'basicauth/client': extension,
    });
    const authorization = `Basic ${Buffer.from('me:pass').toString('base64')}`;
    expect(server.headers[0]).toMatchObject({ authorization });
  });

  test('bearertokenauth, in a header of its own, wins over headers', async () => {
    const own = 'token: secret\nheader: X-Token\nscheme: Key';
    const extension = await extensionOf(bearertokenauth, own);
    const yaml = 'auth: {authenticator: bearertokenauth}\nheaders: {x-TOKEN: b, x-other: c}';
    const { server } = await push(yaml, { bearertokenauth: extension });
    expect(server.headers[0]).toMatchObject({ 'x-token': 'Key secret', 'x-other': 'c' });
  });

  test('a token whose file has changed is new in the next request', async () => {
    const filename = join(folder, name);
    writeFileSync(filename, 'one\n');
    const extension = await extensionOf(bearertokenauth, `filename: ${filename}`);
    const auth = 'auth: {authenticator: bearertokenauth}';
    const { server, exporter } = await push(auth, { bearertokenauth: extension });
    writeFileSync(filename, 'two\n');
    await expect
      .poll(
        async () => {
          await exporter.consume(batchOf(1));
          return server.headers.at(-1)?.authorization;
        },
        { timeout: 5000, interval: 200 },
      )
      .toBe('Bearer two');
    expect(server.headers[0]?.authorization).toBe('Bearer one');
  });

  test('one that is for listeners, is not there, or does something else is refused', async () => {
    const server = await extensionOf(basicauth, 'htpasswd: {inline: "me:pass"}');
    const start = (id: string) =>
      run(factory, 'https://localhost:1', `auth: {authenticator: "${id}"}`, { basicauth: server });
    const key = `exporters::${name}::auth::authenticator`;
    await expect(start('basicauth')).rejects.toThrow(
      `${key}: extensions::basicauth has no credentials for a client: basicauth has by client_auth`,
    );
    await expect(start('basicauth/client')).rejects.toThrow(
      `${key}: no extension "basicauth/client" runs`,
    );
    await expect(start('')).rejects.toThrow(`${key}: must name an extension`);
  });
});

test('gRPC gives no credentials without TLS, as the Collector; HTTP does and says so', async () => {
  const [grpc, http] = PROTOCOLS as [(typeof PROTOCOLS)[0], (typeof PROTOCOLS)[0]];
  const yaml = 'auth: {authenticator: basicauth}';
  for (const endpoint of ['http://localhost:1', 'localhost:1\ntls: {insecure: true}']) {
    expect(() => create(grpc.factory, `endpoint: ${endpoint}\n${yaml}`)).toThrow(
      'exporters::otlp_grpc::auth: credentials are not sent without TLS: take away tls::insecure',
    );
  }
  const extensions = { basicauth: await extensionOf(basicauth, CLIENT) };
  const far = await run(http.factory, 'http://collector.example:4318', yaml, extensions);
  expect(far.log).toEqual(['Credentials are sent to another machine without TLS']);
  expect(far.fields.join()).not.toContain('pass');
  const near = await run(http.factory, 'http://127.0.0.1:4318', yaml, extensions);
  expect(near.log).toEqual([]);
});
