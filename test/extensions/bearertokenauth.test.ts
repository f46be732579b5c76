import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import type { Authenticator, ClientAuthenticator } from '../../src/component/authenticator.ts';
import type { Host } from '../../src/component/component.ts';
import { parseComponentId } from '../../src/component/id.ts';
import { Opaque } from '../../src/confmap/secret.ts';
import type { Config } from '../../src/extensions/bearertokenauth/config.ts';
import { bearertokenauth } from '../../src/extensions/bearertokenauth/factory.ts';
import { createTokens } from '../../src/extensions/bearertokenauth/tokens.ts';
import { createOwnMetrics } from '../../src/service/telemetry.ts';

/** Lengths of what was compared in constant time. */
const compared = vi.hoisted(() => [] as number[]);
vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof import('node:crypto')>();
  const timingSafeEqual: typeof crypto.timingSafeEqual = (one, other) => {
    compared.push(one.byteLength);
    return crypto.timingSafeEqual(one, other);
  };
  return { ...crypto, timingSafeEqual };
});
const folder = mkdtempSync(join(tmpdir(), 'sandgauge-bearer-'));
const filename = join(folder, 'tokens');
const NONE = new Opaque('');
let running: Authenticator | undefined;
afterEach(async () => running?.shutdown());
afterAll(() => rmSync(folder, { recursive: true }));

async function start(own: Partial<Config>): Promise<Authenticator & ClientAuthenticator> {
  const metrics = createOwnMetrics();
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge };
  const settings = { id: parseComponentId('bearertokenauth', ''), telemetry, now: Date.now };
  const defaults = { header: 'Authorization', scheme: 'Bearer', filename: '' };
  const config = { ...defaults, token: NONE, tokens: [], ...own };
  const made = bearertokenauth.create(settings as never, config);
  const both = made as Authenticator & ClientAuthenticator;
  await both.start({} as Host);
  running = both;
  return both;
}

test('the token lets in, whatever the case of the scheme; nothing else does', async () => {
  const auth = await start({ token: new Opaque('one') });
  expect(auth.challenge).toBe('Bearer realm="sandgauge"');
  for (const good of ['Bearer one', 'bearer one']) {
    expect(await auth.authenticate(good)).toBe('granted');
  }
  for (const bad of [undefined, '', 'one', 'Bearer', 'Bearer ', 'Bearer One', 'Bearer one two']) {
    expect(await auth.authenticate(bad)).toBe('denied');
  }
});

test('each of several tokens lets in, with a scheme of its own or none', async () => {
  const tokens = [new Opaque('one'), new Opaque('two')];
  const named = await start({ tokens, scheme: 'Token' });
  expect(await named.authenticate('Token two')).toBe('granted');
  expect(await named.authenticate('Bearer two')).toBe('denied');
  const bare = await start({ tokens, scheme: '' });
  expect(await bare.authenticate('one')).toBe('granted');
});

test('a client gives the first token, in the header that both sides name', async () => {
  const tokens = [new Opaque('one'), new Opaque('two')];
  const auth = await start({ tokens, header: 'X-Api-Key', scheme: '' });
  expect(auth.credentials()).toEqual({ header: 'x-api-key', value: 'one' });
  expect(auth.header).toBe('x-api-key');
  const plain = await start({ token: new Opaque('one') });
  expect(plain.credentials()).toEqual({ header: 'authorization', value: 'Bearer one' });
});

test('a changed file is taken; an empty one is not', async () => {
  writeFileSync(filename, 'one\ntwo\n');
  const auth = await start({ filename });
  expect(await auth.authenticate('Bearer two')).toBe('granted');
  writeFileSync(filename, 'three\n');
  const judge = (token: string) => auth.authenticate(`Bearer ${token}`);
  await expect.poll(() => judge('three')).toBe('granted');
  expect(await judge('two')).toBe('denied');
  expect(auth.credentials().value).toBe('Bearer three');
  writeFileSync(filename, '\n');
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(await judge('three')).toBe('granted');
  expect(await judge('')).toBe('denied');
});

test.each([
  [{}, /extensions::bearertokenauth: give one of token, tokens and filename/],
  [{ token: new Opaque('a'), filename: 'b' }, /give one of/],
  [{ tokens: [new Opaque('a'), NONE] }, /tokens: one of the tokens is empty/],
  [{ filename: '/none' }, /filename: cannot read \/none/],
  [{ token: new Opaque('a\nb') }, /token: a token has a character that no header takes/],
  [{ token: new Opaque('a'), header: 'x y' }, /header: is no header name/],
  [{ token: new Opaque('a'), scheme: 'ä' }, /scheme: is not plain ASCII/],
])('%j is a fault', async (own, fault) => {
  await expect(start(own)).rejects.toThrow(fault);
});

test.each(['first', 'third', 'none', ''])(
  'every token is compared whole, by digests of one length: %j',
  (asked) => {
    const tokens = createTokens();
    tokens.replace(['first', 'the second is longer than the others', 'third']);
    compared.length = 0;
    expect(tokens.has(asked)).toBe(['first', 'third'].includes(asked));
    expect(compared).toEqual([32, 32, 32]);
  },
);
