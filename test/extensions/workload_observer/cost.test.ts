import type * as fs from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Who, writeContainerd } from '../../support/bundles.ts';
import { type FakeHost, makeHost, podSlice } from '../../support/fake-host.ts';
import { type Observed, runObserved } from '../../support/observed.ts';

const calls = vi.hoisted(() => ({ bundles: 0, listed: 0 }));

/** Counts the calls that touch the state of containerd. */
vi.mock('node:fs', async (load) => {
  const real = await load<typeof fs>();
  const counted = Object.entries(real).map(([name, value]) => {
    if (!name.endsWith('Sync') || typeof value !== 'function') return [name, value];
    return [
      name,
      (...args: unknown[]) => {
        if (String(args[0]).includes('run/containerd')) {
          calls.bundles++;
          if (name === 'readdirSync' && String(args[0]).includes('k8s.io')) calls.listed++;
        }
        return (value as (...args: unknown[]) => unknown)(...args);
      },
    ];
  });
  return { ...real, ...Object.fromEntries(counted) };
});

let host: FakeHost;
let observed: Observed | undefined;
beforeEach(() => {
  host = makeHost();
});
afterEach(async () => {
  await observed?.shutdown();
  host.remove();
});

async function named(count: number, clock: { now: number }): Promise<number> {
  for (let i = 0; i < count; i++) {
    const podUid = `${String(i % 50).padStart(8, '0')}-0000-4000-8000-000000000000`;
    const id = i.toString(16).padStart(64, '0');
    const who: Who = { id, podUid, pod: 'p', namespace: 'n', container: `c${i}` };
    writeContainerd(host, who);
    host.bareCgroup(podSlice(podUid));
    host.bareCgroup(`${podSlice(podUid)}/cri-containerd-${id}.scope`);
  }
  const root = `root_path: ${host.path}`;
  observed = await runObserved({ receiver: root, observer: root }, () => clock.now);
  calls.bundles = 0;
  const rows = await observed.read();
  const names = new Set(rows.map(({ labels }) => labels.container).filter(Boolean));
  expect(names.size).toBe(count);
  const { bundles } = calls;
  await observed.shutdown();
  host.remove();
  host = makeHost();
  return bundles;
}

test('bundles are looked up one by one: ten times the containers cost ten times the calls', async () => {
  const clock = { now: 1_800_000_000_000 };
  const few = await named(30, clock);
  const many = await named(300, clock);
  expect(few).toBeGreaterThan(30);
  expect(many / few).toBeLessThan(11);
  // A stat and an open, stat, read and close for each of its four files, and the folders above.
  expect(few / 30).toBeLessThan(30);
  // Of a directory with all containers no listing is made.
  expect(calls.listed).toBe(0);
});

test('once named, a container costs no call any more', async () => {
  const clock = { now: 1_800_000_000_000 };
  const podUid = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
  const who: Who = { id: 'a'.repeat(64), podUid, pod: 'p', namespace: 'n', container: 'c' };
  writeContainerd(host, who);
  host.cgroup(podSlice(podUid));
  host.cgroup(`${podSlice(podUid)}/cri-containerd-${who.id}.scope`, [7]);
  const root = `root_path: ${host.path}`;
  observed = await runObserved({ receiver: root, observer: root }, () => clock.now);
  await observed.read();
  expect(calls.bundles).toBeGreaterThan(0);
  calls.bundles = 0;
  for (const seconds of [1, 10, 60, 600]) {
    clock.now += seconds * 1000;
    await observed.read();
  }
  expect(calls.bundles).toBe(0);
});
