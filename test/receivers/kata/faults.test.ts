import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Collector, rowValue, startCollector } from '../../support/kata/collect.ts';
import { type ShimDouble, type ShimFault, startShim } from '../../support/kata/shim.ts';

// No Kata can be installed here: these shims are doubles of it, and their figures are invented.
let host: string;
const started: { close(): Promise<void> }[] = [];
let collector: Collector | undefined;
beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), 'sandgauge-kata-'));
});
afterEach(async () => {
  await collector?.shutdown();
  collector = undefined;
  for (const each of started.splice(0)) await each.close();
  rmSync(host, { recursive: true, force: true });
});

async function shim(options: Parameters<typeof startShim>[1] = {}): Promise<ShimDouble> {
  const double = await startShim(host, options);
  started.push(double);
  return double;
}

async function collect(yaml = ''): Promise<Collector> {
  collector = await startCollector(host, yaml);
  return collector;
}

test('no directory is no trouble, and one that comes later is found', async () => {
  const all = await collect();
  expect(await all.read()).toEqual([]);
  const { id } = await shim({ containers: ['app'] });
  expect(rowValue(await all.read(), 'kata_shim_threads', { sandbox_id: id })).toBe(9);
  expect(all.log).toEqual([]);
});

describe.each([
  ['hang', 'no answer in time'],
  ['half', 'aborted'],
  ['missing', 'it answered 404'],
  ['rubbish', /Parse Error/],
  ['flood', /larger than 4194304 bytes/],
  ['bomb', /larger than 4194304 bytes|Cannot create a Buffer/],
  ['no metrics', 'the answer holds no metrics'],
] as const satisfies readonly (readonly [ShimFault, string | RegExp])[])('%s', (fault, why) => {
  test('costs the others nothing, is said once, and its end too', async () => {
    const bad = await shim({ containers: ['app'] });
    const good = await shim({ containers: ['app'] });
    const all = await collect('sandbox_timeout: 500ms');
    bad.fault = fault;
    const points = await all.read();
    expect(rowValue(points, 'kata_shim_threads', { sandbox_id: good.id })).toBe(9);
    expect(rowValue(points, 'kata_shim_threads', { sandbox_id: bad.id })).toBeUndefined();
    expect(rowValue(points, 'container_spec_cpu_shares', { name: bad.id })).toBe(512);
    expect(all.log).toHaveLength(1);
    expect(all.log[0]).toMatch(why);
    expect(all.own('sandgauge_source_failures')).toBe(1);
    bad.fault = undefined;
    const again = () =>
      all.read().then((each) => rowValue(each, 'kata_shim_threads', { sandbox_id: bad.id }));
    await expect.poll(again, { timeout: 5000 }).toBe(9);
    expect(all.log.slice(1)).toEqual(['Sandbox can be read again: ']);
  });
});

test('a slow one is waited for, within its time', async () => {
  const slow = await shim({ containers: ['app'] });
  slow.fault = 'slow';
  const points = await (await collect()).read();
  expect(rowValue(points, 'kata_shim_threads')).toBe(9);
});

test.each([
  ['packed', true, ''],
  ['under a path longer than an address has room for', false, `-${'x'.repeat(60)}`],
])('an answer %s', async (_, isPacked, suffix) => {
  rmSync(host, { recursive: true });
  host = mkdtempSync(join(tmpdir(), `sandgauge-kata${suffix}`));
  await shim({ containers: ['app'], isPacked, id: 'long'.repeat(18) });
  expect(rowValue(await (await collect()).read(), 'kata_shim_threads')).toBe(9);
});

test('a sandbox that ends takes its series with it, and so does one under the same id', async () => {
  const id = 'b1946ac9';
  const first = await startShim(host, { id, containers: [] });
  const all = await collect();
  const before = await all.read();
  await first.close();
  expect(await all.read()).toEqual([]);
  expect(all.ended).toHaveLength(before.length);
  await shim({ id, containers: [] });
  const [point] = await all.read();
  expect(before.some(({ series }) => series === point?.series)).toBe(false);
});

test('200 sandboxes of which 10 % are dead or hang: all others within the deadline', async () => {
  const shims = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      shim({ listens: i % 20 !== 0, id: `sandbox-${i}`, containers: [] }),
    ),
  );
  for (const [i, each] of shims.entries()) if (i % 20 === 10) each.fault = 'hang';
  const all = await collect();
  const start = performance.now();
  const points = await all.read(20_000);
  const took = performance.now() - start;
  const threads = points.filter(({ series }) => series.descriptor.name === 'kata_shim_threads');
  expect(threads).toHaveLength(180);
  expect(took).toBeLessThan(10_000);
  // The dead are not asked again at once.
  const again = performance.now();
  expect(await all.read(20_000)).toHaveLength(points.length);
  expect(performance.now() - again).toBeLessThan(took);
}, 60_000);

test('a directory that may not be read is said', async () => {
  await shim();
  chmodSync(host, 0o755);
  chmodSync(join(host, 'run/vc/sbs'), 0);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    const all = await collect();
    await all.read();
    expect(all.log[0]).toMatch(/Shim directory may not be read/);
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(join(host, 'run/vc/sbs'), 0o755);
  }
});

test('a broken monitor_endpoint is told at the start', async () => {
  await expect(collect('monitor_endpoint: nowhere')).rejects.toThrow(/monitor_endpoint.*host:port/);
});
