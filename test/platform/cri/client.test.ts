import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type CriClient,
  type CriError,
  createCriClient,
} from '../../../src/platform/cri/client.ts';
import { type CriDouble, startCriDouble } from '../../support/cri/server.ts';
import { isMissing } from '../../support/peers.ts';

const NOBODY = 65_534;
const isNotRoot = isMissing('a socket of root', { root: process.getuid?.() === 0 });

let folder: string;
let path: string;
let client: CriClient;
let double: CriDouble | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-client-'));
  path = join(folder, 'c.sock');
  client = createCriClient(path);
});
afterEach(() => {
  // That of the test again, which need not be root.
  process.seteuid?.(process.getuid?.() ?? 0);
  client.close();
  double?.stop();
  double = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const soon = (millis = 10_000) => performance.now() + millis;

async function failureOf(millis?: number): Promise<CriError> {
  return client.call('Version', {}, soon(millis)).then(
    () => expect.fail('there was an answer'),
    (error) => error as CriError,
  );
}

test('a call is answered, over one connection and again after a restart', async () => {
  const handlers = { Version: () => ({ runtime_name: 'double' }) };
  double = await startCriDouble(path, handlers);
  expect((await client.call('Version', {}, soon())).runtime_name).toBe('double');
  double.stop();
  expect(await failureOf()).toMatchObject({ failure: 'absent', isWhole: true });
  double = await startCriDouble(path, handlers);
  await sleep(1_100);
  expect((await client.call('Version', {}, soon())).runtime_name).toBe('double');
});

test('no socket, none at the end of the path, and a file in its place', async () => {
  expect(await failureOf()).toMatchObject({ failure: 'absent', code: 'CRI_ABSENT' });
  writeFileSync(path, '');
  expect(await failureOf()).toMatchObject({ failure: 'unavailable' });
  expect((await failureOf()).message).toContain(`${path} is no socket`);
});

test.skipIf(isNotRoot)('no right to the socket, or to its folder', async () => {
  chmodSync(folder, 0o755);
  double = await startCriDouble(path, {});
  process.seteuid?.(NOBODY);
  expect(await failureOf()).toMatchObject({ failure: 'denied', code: 'EACCES' });
  process.seteuid?.(0);
  chmodSync(folder, 0o700);
  process.seteuid?.(NOBODY);
  expect((await failureOf()).message).toContain(`${path} may not be used`);
});

test('a method that the runtime has not, and an id that it does not know', async () => {
  double = await startCriDouble(path, {
    ContainerStats: () => {
      throw { code: 5, details: `no \n${'x'.repeat(1000)}` };
    },
  });
  expect(await failureOf()).toMatchObject({ failure: 'unimplemented', isWhole: false });
  const call = client.call('ContainerStats', { container_id: 'x' }, soon());
  await expect(call).rejects.toMatchObject({ failure: 'not_found', isWhole: false });
  await call.catch(({ message }) => expect(message.length).toBeLessThan(500));
});

test('no answer in time', async () => {
  double = await startCriDouble(path, {});
  double.isHung = true;
  const started = performance.now();
  expect(await failureOf(200)).toMatchObject({ failure: 'late', isWhole: true });
  expect(performance.now() - started).toBeLessThan(5_000);
});

test('an answer of more than 16 MiB, and one that is no protobuf', async () => {
  const handlers = { Version: () => Buffer.alloc(17 * 2 ** 20) };
  double = await startCriDouble(path, handlers);
  expect(await failureOf()).toMatchObject({ failure: 'too_large' });
  handlers.Version = () => Buffer.from([10, 200, 1]);
  expect(await failureOf()).toMatchObject({ failure: 'refused' });
});

test('a closed client answers nobody', async () => {
  double = await startCriDouble(path, { Version: () => ({}) });
  await client.call('Version', {}, soon());
  client.close();
  expect(await failureOf()).toMatchObject({ failure: 'unavailable' });
});
