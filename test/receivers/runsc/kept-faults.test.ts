import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LogRecord, RecordLog } from '../../../src/component/storage.ts';
import { type Held, startHeld } from '../../support/runsc/held.ts';
import { startReading } from './reading.ts';
import { ids, kept, recordsIn, store, wrapLog } from './stored.ts';

const CREATED = '2026-11-21T00:06:41.511012092Z';
const UNUSABLE = 'What was stored of CPU counters cannot be used: they begin anew';
const UNSTORED = 'CPU counters are not stored: after a restart of the agent they may begin lower';

const sandboxOf = ({ double }: Held, cpu: object) => ({
  ...{ id: double.id, pid: double.pid, createdMillis: Date.parse(CREATED) },
  cpu: { kind: 'bounded', host: 0, slack: 0, counters: [], ...cpu },
});
const record = (...sandboxes: object[]) => JSON.stringify({ version: 1, sandboxes });

test.each<[string, (held: Held) => string]>([
  ['is not JSON', () => '{'],
  ['is empty', () => ''],
  ['is deep', () => '['.repeat(200_000)],
  ['is null', () => 'null'],
  ['is of another version', () => '{"version":2,"sandboxes":[]}'],
  ['has no sandboxes', () => '{"version":1}'],
  ['has a text for a number', (held) => record(sandboxOf(held, { host: '1' }))],
  ['has null for a number', (held) => record(sandboxOf(held, { slack: Number.NaN }))],
  ['has less than nothing', (held) => record(sandboxOf(held, { slack: -1 }))],
  ['has a huge number', (held) => record(sandboxOf(held, { host: 1e300 }))],
  [
    'has an endless one',
    (held) => record(sandboxOf(held, { host: 7 })).replace('"host":7', '"host":1e999'),
  ],
  ['has half a counter', (held) => record(sandboxOf(held, { counters: [['a', 1]] }))],
  [
    'has a counter below zero, beside one that is right',
    (held) =>
      record(sandboxOf(held, { counters: [[ids(held.double).a, 1, 1], ...[['b', 1, -1]]] })),
  ],
  ['is of no kind', (held) => record(sandboxOf(held, { kind: 'other' }))],
  ['has no process', (held) => record({ ...sandboxOf(held, {}), pid: -1 })],
])('what is stored and %s is left out with one line', async (_, textFor) => {
  const held = await startHeld();
  await store(kept(held), textFor(held));
  held.turn({ a: 1, b: 2, host: 3 });
  const agent = await startReading(held, kept(held));
  for (let round = 0; round < 2; round++) {
    expect(await agent.read()).toEqual({ '': 0, a: 1, b: 2 });
  }
  expect(agent.observed.log).toEqual([`warn: ${UNUSABLE}`]);
  expect(agent.observed.own('sandgauge_source_failures', { source: 'runsc' })).toBe(1);
  await agent.stop();
  const texts = await recordsIn(kept(held));
  expect(texts.map((text) => JSON.parse(text).version)).toEqual([1]);
});

test.each<[string, (held: Held) => object, boolean]>([
  ['more than its cgroup used', ({ double }) => ({ counters: [[ids(double).a, 0, 1e18]] }), true],
  ['what its cgroup has yet to use', () => ({ host: 1e18 }), true],
  ['containers that are not there', () => ({ counters: [['__proto__', 1, 1]] }), false],
])('what is stored and tells %s gives no wrong number', async (_, cpuFor, isSaid) => {
  const held = await startHeld();
  await store(kept(held), record(sandboxOf(held, cpuFor(held))));
  held.turn({ a: 1, b: 2, host: 3 });
  const agent = await startReading(held, kept(held));
  expect(await agent.read()).toEqual({ '': 0, a: 1, b: 2 });
  expect(agent.observed.log).toHaveLength(isSaid ? 1 : 0);
});

test('damage on the disk: counters begin anew, which is said', async () => {
  const held = await startHeld();
  const first = await startReading(held, kept(held));
  held.turn({ a: 1, b: 0, host: 1 });
  await first.read();
  held.turn({ a: 0, b: 3, host: 1 });
  await first.read();
  await first.stop();
  const own = join(kept(held), 'receiver_runsc');
  const path = join(own, readdirSync(own)[0] ?? '');
  const bytes = readFileSync(path);
  bytes[bytes.length - 20] = 0xee;
  writeFileSync(path, bytes);
  const again = await startReading(held, kept(held));
  expect(await again.read()).toEqual({ '': 0, a: 0.5, b: 1.5 });
  expect(again.stored.map(({ message }) => message)).toContain(
    'A torn or damaged record was left out',
  );
});

test('a storage without room costs no pass: it is said once and counted', async () => {
  const held = await startHeld();
  const agent = await startReading(held, kept(held), { storage: 'max_size: 100' });
  for (let round = 1; round <= 3; round++) {
    held.turn({ a: 1, b: 1, host: 2 });
    expect(await agent.read()).toEqual({ '': 0, a: round, b: round });
    expect(agent.observed.own('sandgauge_source_failures', { source: 'runsc' })).toBe(round);
  }
  expect(agent.observed.log).toEqual([`warn: ${UNSTORED}`]);
});

test('a storage that does not answer costs one pass a second; it recovers', async () => {
  const held = await startHeld();
  const { promise, resolve } = Promise.withResolvers<void>();
  const hang = (log: RecordLog) => ({
    append: (records: readonly LogRecord[]) => promise.then(() => log.append(records)),
  });
  const agent = await startReading(held, kept(held), { faulty: wrapLog(hang) });
  const times: number[] = [];
  for (let round = 1; round <= 3; round++) {
    held.turn({ a: 1, b: 1, host: 2 });
    const start = performance.now();
    expect(await agent.read()).toEqual({ '': 0, a: round, b: round });
    times.push(performance.now() - start);
  }
  expect(times[0]).toBeLessThan(1500);
  expect(Math.max(...times.slice(1))).toBeLessThan(500);
  expect(agent.observed.log).toEqual([`warn: ${UNSTORED}`]);
  expect(agent.observed.own('sandgauge_source_failures', { source: 'runsc' })).toBe(3);
  resolve();
  const recovered = async () => {
    await agent.read();
    return agent.observed.log.slice(1);
  };
  await expect.poll(recovered).toEqual(['info: CPU counters are stored again']);
  held.turn({ a: 1, b: 1, host: 2 });
  const told = await agent.read();
  await agent.stop();
  expect(await (await startReading(held, kept(held))).read()).toEqual(told);
});

test('a storage that never answers does not keep an agent from stopping', async () => {
  const held = await startHeld();
  const never = () => new Promise<never>(() => {});
  const agent = await startReading(held, kept(held), {
    faulty: wrapLog(() => ({ append: never, close: never })),
  });
  await agent.read();
  const start = performance.now();
  await agent.stop();
  expect(performance.now() - start).toBeLessThan(2000);
});

test('a storage that is not there is a fault of the configuration', async () => {
  const held = await startHeld();
  await expect(
    startReading(held, kept(held), { yaml: '', faulty: () => undefined as never }),
  ).rejects.toThrow('receivers::runsc::storage: no extension "file_storage" runs');
});
