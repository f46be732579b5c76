import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { ClientAuthenticator } from '../../src/component/authenticator.ts';
import type { Extension, Host } from '../../src/component/component.ts';
import { parseComponentId } from '../../src/component/id.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { basicauth } from '../../src/extensions/basicauth/factory.ts';
import { createOwnMetrics } from '../../src/service/telemetry.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-basicauth-client-'));
const log: string[] = [];
let running: Extension | undefined;
afterEach(async () => running?.shutdown());
afterAll(() => rmSync(folder, { recursive: true }));

async function start(yaml: string): Promise<ClientAuthenticator> {
  const { counter, gauge } = createOwnMetrics();
  const say = (message: string, fields?: object) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { debug: say, info: say, warn: say, error: say };
  const id = parseComponentId('basicauth/client', '');
  const config = decode(basicauth.config, confOf(parseYaml(yaml, 'test')));
  const telemetry = { logger, counter, gauge };
  running = basicauth.create({ id, telemetry, now: Date.now }, config);
  await running.start({} as Host);
  return running as ClientAuthenticator;
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

test('name and password of the configuration', async () => {
  const auth = await start('client_auth: {username: me, password: "pässwort: x"}');
  const value = basic('me:pässwort: x');
  expect(auth.credentials()).toEqual({ header: 'authorization', value });
});

test('files win, are read anew on change, and an empty one is not taken', async () => {
  const [user, password] = [join(folder, 'user'), join(folder, 'password')];
  writeFileSync(user, 'me\n');
  writeFileSync(password, 'first\n');
  const auth = await start(
    `client_auth: {username: x, username_file: ${user}, password_file: ${password}}`,
  );
  expect(auth.credentials().value).toBe(basic('me:first'));
  writeFileSync(password, ' topsecret \n');
  const value = () => auth.credentials().value;
  await expect.poll(value).toBe(basic('me:topsecret'));
  writeFileSync(password, '\n');
  await expect.poll(() => log.join()).toContain('Kept the old content');
  expect(value()).toBe(basic('me:topsecret'));
  expect(log.join()).toContain('client_auth::password_file');
  expect(log.join()).not.toContain('topsecret');
});

test.each([
  ['', /basicauth\/client: give htpasswd, for a listener, or client_auth, for an exporter/],
  ['client_auth: {username: a}\nhtpasswd: {inline: "a:b"}', /give htpasswd, .* or client_auth/],
  ['client_auth: {username: a}', /client_auth: give password or password_file, and not empty/],
  ['client_auth: {password: a}', /client_auth: give username or username_file, and not empty/],
  ['client_auth: {username: "a:b", password: x}', /client_auth::username: has a colon/],
  ['client_auth: {username_file: /none}', /client_auth::username_file: cannot read \/none/],
])('%j is a fault', async (yaml, fault) => {
  await expect(start(yaml)).rejects.toThrow(fault);
});
