import { randomBytes, randomUUID } from 'node:crypto';
import { rmdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeRoot, makeRoot } from '../../support/bundles.ts';
import { makeCgroup, type TestCgroup, v1Mounts } from '../../support/cgroup-v1.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';
import { compile, findPeer, isMissing } from '../../support/peers.ts';

const isSkipped = isMissing('overheads in cgroups of v1', {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  cc: findPeer('cc'),
});
const USAGE = ['cpu', 'cpuacct', 'memory'];
const MIB = 2 ** 20;

describe.skipIf(isSkipped)('a pod of Kata in real cgroups of this host', () => {
  const id = randomBytes(32).toString('hex');
  const parent = '/kata_overhead';
  let top: TestCgroup;
  let slice: TestCgroup;
  let sandbox: TestCgroup;
  let overhead: TestCgroup;
  let bundles: FakeRoot;
  let observed: Observed;
  beforeAll(async () => {
    top = makeCgroup('overhead');
    slice = makeCgroup(`${top.id}/pod${randomUUID()}`);
    sandbox = makeCgroup(`${slice.id}/kata_${id}`);
    overhead = makeCgroup(`${parent}/${id}`);
    sandbox.run([compile('hog.c'), '20', '16']);
    overhead.run([compile('hog.c'), '20', '48']);
    bundles = makeRoot();
    const sections = { receiver: 'raw_cgroups: all', observer: `root_path: ${bundles.path}` };
    observed = await runObserved(sections, Date.now);
  });
  afterAll(async () => {
    await observed.shutdown();
    bundles.remove();
    for (const each of [sandbox, slice, top]) await each.remove();
    for (const controller of USAGE) {
      try {
        rmdirSync(`${v1Mounts().get(controller)}${parent}`);
      } catch {
        // Others may have theirs in it.
      }
    }
  });

  const seconds = (...of: TestCgroup[]) =>
    of.reduce((sum, each) => sum + Number(each.read('cpuacct', 'cpuacct.usage')) / 1e9, 0);
  const bytes = (...of: TestCgroup[]) =>
    of.reduce((sum, each) => sum + Number(each.read('memory', 'memory.usage_in_bytes')), 0);
  const value = (rows: readonly Row[], metric: string) =>
    rows.find((row) => row.metric === metric && row.labels.id === slice.id)?.value ?? Number.NaN;
  const CPU = 'container_cpu_usage_seconds_total';
  const MEMORY = 'container_memory_usage_bytes';

  test('the sum lies between what the kernel tells of both before and after', async () => {
    await expect.poll(() => bytes(overhead), { timeout: 20_000 }).toBeGreaterThan(48 * MIB);
    await expect.poll(() => bytes(slice), { timeout: 20_000 }).toBeGreaterThan(16 * MIB);
    const least = seconds(slice, overhead);
    const rows = await observed.read();
    expect(value(rows, CPU)).toBeGreaterThanOrEqual(least);
    expect(value(rows, CPU)).toBeLessThanOrEqual(seconds(slice, overhead));
    expect(value(rows, MEMORY)).toBeGreaterThan(64 * MIB);
    expect(Math.abs(value(rows, MEMORY) - bytes(slice, overhead))).toBeLessThan(MIB);
  });

  test('what the overhead counted stays when it is gone; what it used does not', async () => {
    const before = value(await observed.read(), CPU);
    const alone = seconds(slice);
    await overhead.remove();
    await expect
      .poll(async () => value(await observed.read(), MEMORY), { timeout: 20_000 })
      .toBeLessThan(40 * MIB);
    const after = value(await observed.read(), CPU);
    expect(after).toBeGreaterThanOrEqual(before);
    // The kernel's own figure of the slice is less than what the pod used already.
    expect(alone).toBeLessThan(before);
    expect(observed.own('sandgauge_source_dropped_points', { source: 'cgroup' })).toBe(0);
  });
});
