import { readFileSync, renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Who, writeContainerd } from '../../support/bundles.ts';
import { type FakeHost, makeHost, podSlice } from '../../support/fake-host.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';

const UID = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const STATE = 'run/containerd/io.containerd.runtime.v2.task';
const WITHHELD = 'sandgauge_observer_withheld_workloads';
const who = (i: number, podUid = UID): Who => ({
  id: i.toString(16).padStart(64, '0'),
  ...{ podUid, pod: `pod-${podUid.slice(0, 4)}`, namespace: 'shop', container: `c${i}` },
});
const scopeOf = ({ id, podUid }: Who) => `${podSlice(podUid)}/cri-containerd-${id}.scope`;

let host: FakeHost;
let observed: Observed | undefined;
const clock = { now: 1_800_000_000_000 };
beforeEach(() => {
  host = makeHost();
});
afterEach(async () => {
  await observed?.shutdown();
  observed = undefined;
  host.remove();
});

function makeContainer(container: Who): void {
  host.cgroup(podSlice(container.podUid));
  host.cgroup(scopeOf(container), [101]);
}

async function readAt(seconds: number): Promise<Row[]> {
  const root = `root_path: ${host.path}`;
  clock.now += seconds * 1000;
  observed ??= await runObserved({ receiver: root, observer: root }, () => clock.now);
  const rows = await observed.read();
  // A row of a pod or container is never without the names of its pod.
  const inPods = rows.filter(({ labels }) => labels.id?.includes('-pod'));
  expect(inPods.filter(({ labels }) => labels.pod === '' || labels.namespace === '')).toEqual([]);
  return rows;
}

const idsOf = (rows: readonly Row[]) =>
  new Set(rows.map(({ labels }) => labels.id ?? '').filter((id) => id.includes('-pod')));

describe('names that come after the cgroup', () => {
  const late = who(1);
  beforeEach(() => {
    makeContainer(late);
    host.write(`${STATE}/k8s.io/.keep`, '');
  });

  test('within 2 s: no row before, all names after', async () => {
    expect(idsOf(await readAt(0))).toEqual(new Set());
    expect(idsOf(await readAt(1))).toEqual(new Set());
    writeContainerd(host, late);
    const rows = await readAt(0.5);
    expect(idsOf(rows)).toEqual(new Set([scopeOf(late), podSlice(UID)]));
    const container = rows.find(({ labels }) => labels.id === scopeOf(late))?.labels;
    expect(container).toMatchObject({ container: 'c1', pod: 'pod-16b4', namespace: 'shop' });
    expect(observed?.log).toEqual([]);
    expect(observed?.own(WITHHELD)).toBe(0);
  });

  test('later: withheld, counted and said once, and released when they come', async () => {
    for (const seconds of [0, 1.9]) expect(idsOf(await readAt(seconds))).toEqual(new Set());
    expect(observed?.own(WITHHELD)).toBe(0);
    for (const seconds of [0.2, 1, 60]) expect(idsOf(await readAt(seconds))).toEqual(new Set());
    // The container and its pod.
    expect(observed?.own(WITHHELD)).toBe(2);
    expect(observed?.log).toHaveLength(1);
    writeContainerd(host, late);
    await readAt(6);
    expect(idsOf(await readAt(0))).toEqual(new Set([scopeOf(late), podSlice(UID)]));
    expect(observed?.log.slice(1)).toEqual(['info: No workload is withheld any more']);
    expect(observed?.own(WITHHELD)).toBe(2);
  });

  test('a name that goes is kept for the life of the cgroup', async () => {
    writeContainerd(host, late);
    await readAt(0);
    host.remove(`${STATE}/k8s.io/${late.id}`);
    for (const seconds of [1, 60, 60]) {
      expect(idsOf(await readAt(seconds))).toContain(scopeOf(late));
    }
    expect(observed?.log).toEqual([]);
  });

  test('the names of a pod outlive the container that brought them', async () => {
    const next = who(2);
    writeContainerd(host, late);
    makeContainer(next);
    writeContainerd(host, next);
    await readAt(0);
    host.remove(`sys/fs/cgroup${scopeOf(late)}`);
    host.remove(`${STATE}/k8s.io/${late.id}`);
    expect(idsOf(await readAt(60))).toEqual(new Set([scopeOf(next), podSlice(UID)]));
  });
});

test('the pause of an old containerd has the image that the options tell, others their own', async () => {
  const { container: _, ...sandbox } = who(1);
  for (const each of [sandbox, who(2)]) {
    makeContainer(each);
    const config = writeContainerd(host, each);
    const text = readFileSync(config, 'utf8').replace('podsandbox.image-name', 'unknown-key');
    host.write(config.slice(host.path.length), text);
  }
  const root = `root_path: ${host.path}`;
  const observer = `${root}\nsandbox_image: registry.k8s.io/pause:3.6`;
  observed = await runObserved({ receiver: root, observer }, () => clock.now);
  const rows = await observed.read();
  const imageOf = (each: Who) =>
    rows.find(({ labels }) => labels.id === scopeOf(each))?.labels.image;
  expect(imageOf(sandbox)).toBe('registry.k8s.io/pause:3.6');
  expect(imageOf(who(2))).toBe('docker.io/library/scene:latest');
});

describe('a runtime that comes, goes and comes again', () => {
  test('without any runtime a container has its id and no more', async () => {
    makeContainer(who(1));
    const root = `root_path: ${host.path}`;
    observed = await runObserved({ receiver: root, observer: root }, () => clock.now);
    const rows = await observed.read();
    const labels = rows.find((row) => row.labels.id === scopeOf(who(1)))?.labels;
    expect(labels).toMatchObject({ name: who(1).id, pod: '', namespace: '', container: '' });
  });

  test('its state directory away and back: old names stay, new ones wait', async () => {
    const [old, fresh] = [who(1), who(2)];
    makeContainer(old);
    writeContainerd(host, old);
    expect(idsOf(await readAt(0))).toEqual(new Set([scopeOf(old), podSlice(UID)]));
    renameSync(`${host.path}/${STATE}`, `${host.path}/away`);
    makeContainer(fresh);
    for (const seconds of [60, 1, 3, 60]) {
      expect(idsOf(await readAt(seconds))).toEqual(new Set([scopeOf(old), podSlice(UID)]));
    }
    expect(observed?.own(WITHHELD)).toBe(1);
    expect(observed?.log).toHaveLength(1);
    renameSync(`${host.path}/away`, `${host.path}/${STATE}`);
    writeContainerd(host, fresh);
    await readAt(6);
    expect(idsOf(await readAt(6))).toContain(scopeOf(fresh));
    expect(observed?.log.slice(1)).toEqual(['info: No workload is withheld any more']);
  });
});

describe('many at once', () => {
  const COUNT = 500;
  const all = Array.from({ length: COUNT }, (_, i) =>
    who(i, `${String(i % 50).padStart(8, '0')}-0000-4000-8000-000000000000`),
  );

  test('500 containers in 50 pods are all named in their first collection', async () => {
    for (const container of all) {
      host.bareCgroup(podSlice(container.podUid));
      host.bareCgroup(scopeOf(container));
      writeContainerd(host, container);
    }
    const rows = await readAt(0);
    expect(idsOf(rows).size).toBe(COUNT + 50);
    for (const { container, labels } of all.map((each) => ({
      container: each,
      labels: rows.find((row) => row.labels.id === scopeOf(each))?.labels,
    }))) {
      expect(labels).toMatchObject({ container: container.container, pod: container.pod });
    }
    expect(observed?.log).toEqual([]);
  });
});
