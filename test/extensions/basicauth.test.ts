import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import bcrypt from 'bcryptjs';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { Authenticator } from '../../src/component/authenticator.ts';
import type { Host } from '../../src/component/component.ts';
import { parseComponentId } from '../../src/component/id.ts';
import { Opaque } from '../../src/confmap/secret.ts';
import { basicauth } from '../../src/extensions/basicauth/factory.ts';
import { createOwnMetrics } from '../../src/service/telemetry.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-basicauth-'));
const file = join(folder, 'htpasswd');
const log: string[] = [];
let running: Authenticator | undefined;
afterEach(async () => running?.shutdown());
afterAll(() => rmSync(folder, { recursive: true }));

async function start(inline: string, fromFile = ''): Promise<Authenticator> {
  const metrics = createOwnMetrics();
  const say = (message: string, fields?: object) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { debug: say, info: say, warn: say, error: say };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge };
  const settings = { id: parseComponentId('basicauth', ''), telemetry, now: Date.now };
  const htpasswd = { file: fromFile, inline: new Opaque(inline) };
  const config = { htpasswd, client_auth: undefined };
  const made = basicauth.create(settings as never, config) as Authenticator;
  await made.start({} as Host);
  running = made;
  return made;
}

function login(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function openssl(kind: string, password: string): string {
  return execFileSync('openssl', ['passwd', kind, password], { encoding: 'utf8' }).trim();
}

const HASHES = {
  bcrypt: bcrypt.hashSync('pässwort:x', 6),
  'bcrypt, as htpasswd writes it': bcrypt.hashSync('pässwort:x', 6).replace('$2b$', '$2y$'),
  apr1: openssl('-apr1', 'pässwort:x'),
  SHA1: '{SHA}BDJ5Ya9r0G8zFJ1V7nKqtfMMVXk=',
  plain: 'pässwort:x',
};

test.each(Object.entries(HASHES))('a password kept as %s lets its user in', async (kind, hash) => {
  const sha = execFileSync(
    'sh',
    ['-c', 'printf %s "$1" | openssl dgst -sha1 -binary | base64', '', 'pässwort:x'],
    { encoding: 'utf8' },
  ).trim();
  const kept = kind === 'SHA1' ? `{SHA}${sha}` : hash;
  const auth = await start(`# who may\nme:${kept}\nother:${kept}\n`);
  for (let i = 0; i < 2; i++) {
    expect(await auth.authenticate(login('me', 'pässwort:x'))).toBe('granted');
    expect(await auth.authenticate(login('me', 'pässwort:y'))).toBe('denied');
    expect(await auth.authenticate(login('me', ''))).toBe('denied');
    expect(await auth.authenticate(login('you', 'pässwort:x'))).toBe('denied');
  }
});

test.each([undefined, '', 'Basic', 'Basic !!!', 'Basic bWU=', 'Bearer x', 'Basic Om1l'])(
  'no login is denied: %s',
  async (authorization) => {
    const auth = await start('me:secret');
    expect(await auth.authenticate(authorization)).toBe('denied');
  },
);

test.each([
  ['', /extensions::basicauth::htpasswd: no user/],
  ['me', /htpasswd::inline: line 1: expected user:hash/],
  ['me:x\nyou:', /inline: line 2: the password is empty/],
  ['me:$6$salt$hash', /inline: line 1: unknown kind of hash/],
  [`me:$2b$20$${'a'.repeat(53)}`, /the cost of bcrypt must be 4 to 14/],
])('%j is a fault, which does not repeat the line', async (inline, fault) => {
  await expect(start(inline)).rejects.toThrow(fault);
  await expect(start(inline)).rejects.not.toThrow(/salt/);
});

test('a changed file is taken, a broken one is not and is said without its content', async () => {
  writeFileSync(file, 'me:first\n');
  const auth = await start('you:always', file);
  const judge = (password: string) => auth.authenticate(login('me', password));
  expect(await judge('first')).toBe('granted');
  writeFileSync(file, 'me:second\n');
  await expect.poll(() => judge('second')).toBe('granted');
  expect(await judge('first')).toBe('denied');
  writeFileSync(file, 'topsecret\n');
  await expect.poll(() => log.join()).toContain('Kept the old content');
  expect(log.join()).not.toContain('topsecret');
  expect(await judge('second')).toBe('granted');
  expect(await auth.authenticate(login('you', 'always'))).toBe('granted');
});

test('a missing file is a fault of its key', async () => {
  await expect(start('', join(folder, 'none'))).rejects.toThrow(
    /htpasswd::file: cannot read .*none/,
  );
});

test('guesses hold up neither the loop nor who was right before', async () => {
  const hash = bcrypt.hashSync('right', 12);
  const begin = performance.now();
  bcrypt.compareSync('no', hash);
  const hashMillis = performance.now() - begin;
  const auth = await start(`me:${hash}`);
  expect(await auth.authenticate(login('me', 'right'))).toBe('granted');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const guesses = Array.from({ length: 200 }, (_, i) => auth.authenticate(login('me', `no ${i}`)));
  const start_ = performance.now();
  expect(await auth.authenticate(login('me', 'right'))).toBe('granted');
  expect(performance.now() - start_).toBeLessThan(hashMillis / 2);
  const verdicts = await Promise.all(guesses.slice(16));
  expect(new Set(verdicts)).toEqual(new Set(['busy']));
  expect(await guesses[0]).toBe('denied');
  expect(await guesses[1]).toBe('denied');
  delay.disable();
  expect(delay.max / 1e6).toBeLessThan(hashMillis / 2);
});

test('a login that many ask at once is checked once', async () => {
  const auth = await start(`me:${bcrypt.hashSync('right', 10)}`);
  const all = await Promise.all(
    Array.from({ length: 100 }, () => auth.authenticate(login('me', 'right'))),
  );
  expect(new Set(all)).toEqual(new Set(['granted']));
});
