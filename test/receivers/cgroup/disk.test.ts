import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  containerdAnnotations,
  containerdConfig,
  crioAnnotations,
  ociConfig,
  storageConfig,
  type Who,
} from '../../support/bundles.ts';
import { type FakeHost, makeHost, podSlice } from '../../support/fake-host.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';

const podUid = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const WEB: Who = { id: 'a'.repeat(64), podUid, pod: 'web', namespace: 'shop', container: 'web' };
const DB: Who = { ...WEB, id: 'b'.repeat(64), container: 'db' };
const SNAPSHOTS = '/var/lib/containerd/snapshots';
const STORAGE = '/var/lib/containers/storage/overlay';
const USAGE = 'container_fs_usage_bytes';
const NAMES = ['container_fs_limit_bytes', 'container_fs_inodes_total', 'container_fs_inodes_free'];

let host: FakeHost;
let mounts: string[];
let observed: Observed | undefined;
const clock = { now: 1_800_000_000_000 };

beforeEach(() => {
  host = makeHost();
  mounts = ['29 24 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw'];
  host.cgroup(podSlice(podUid));
});
afterEach(async () => {
  await observed?.shutdown();
  observed = undefined;
  host.remove();
});

function mountOverlay(mountpoint: string, upper: string | undefined): void {
  const options = upper === undefined ? 'lowerdir=/l' : `lowerdir=/l,upperdir=${upper},workdir=/w`;
  mounts.push(`40 24 0:40 / ${mountpoint} rw - overlay overlay rw,${options}`);
  host.write('proc/1/mountinfo', `${mounts.join('\n')}\n`);
}

/** A container of containerd: its files stand in `snapshots/<number>/fs`. */
function addContainerd(who: Who, number: number): string {
  host.cgroup(`${podSlice(podUid)}/cri-containerd-${who.id}.scope`, [7]);
  const config = ociConfig(containerdAnnotations(who));
  const path = host.write(containerdConfig(who.id), { ...config, root: { path: 'rootfs' } });
  const rootfs = path.slice(host.path.length).replace('config.json', 'rootfs');
  mountOverlay(rootfs, `${SNAPSHOTS}/${number}/fs`);
  host.write(`${SNAPSHOTS}/${number}/fs/file`, 'x'.repeat(10_000));
  return join(host.path, SNAPSHOTS, `${number}/fs`);
}

async function start(options = ''): Promise<Observed> {
  observed = await runObserved(
    {
      receiver: `root_path: ${host.path}\nwritable_layer_interval: 0s\n${options}`,
      observer: `root_path: ${host.path}`,
    },
    () => clock.now,
  );
  return observed;
}

/** Reads until the walks in the background have told of `count` containers. */
async function readDisks(count: number): Promise<Row[]> {
  for (let tries = 0; tries < 200; tries++) {
    const rows = ((await observed?.read()) ?? []).filter(
      ({ metric }) => metric === USAGE || NAMES.includes(metric),
    );
    if (rows.filter(({ metric }) => metric === USAGE).length === count) return rows;
    await sleep(10);
  }
  throw new Error(`there never were ${count} layers:\n${observed?.log.join('\n')}`);
}

function du(path: string): number {
  return Number.parseInt(execFileSync('du', ['-s', '--block-size=1', path]).toString(), 10);
}

function df(path: string): number {
  const args = ['-B1', '--output=size', path];
  return Number(execFileSync('df', args).toString().trim().split('\n')[1]);
}

function valuesOf(rows: readonly Row[], container: string): Record<string, number> {
  const own = rows.filter(({ labels }) => labels.container === container);
  return Object.fromEntries(own.map(({ metric, value }) => [metric, value]));
}

test('the layers of two containers, under the device that holds them', async () => {
  const web = addContainerd(WEB, 7);
  const db = addContainerd(DB, 8);
  writeFileSync(join(web, 'more'), Buffer.alloc(300_000));
  linkSync(join(web, 'more'), join(web, 'again'));
  const { dev } = statSync(host.path);
  const numbers = `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
  mounts.unshift(`25 1 ${numbers} / /elsewhere rw - ext4 /dev/mapper/vg-data rw`);
  mountOverlay('/unrelated', undefined);
  await start();
  const rows = await readDisks(2);
  const limit = df(host.path);
  expect(valuesOf(rows, 'web')).toEqual({
    container_fs_usage_bytes: du(web),
    container_fs_limit_bytes: limit,
    container_fs_inodes_total: 3,
  });
  expect(valuesOf(rows, 'db')).toEqual({
    container_fs_usage_bytes: du(db),
    container_fs_limit_bytes: limit,
    container_fs_inodes_total: 2,
  });
  expect(rows).toHaveLength(6);
  expect(rows.find(({ labels }) => labels.container === 'web')?.labels).toEqual({
    ...{ container: 'web', name: WEB.id, pod: 'web', namespace: 'shop' },
    image: 'docker.io/library/scene:latest',
    id: `${podSlice(podUid)}/cri-containerd-${WEB.id}.scope`,
    device: '/dev/mapper/vg-data',
  });
});

test('what a container writes and removes shows', async () => {
  const web = addContainerd(WEB, 7);
  await start();
  const before = valuesOf(await readDisks(1), 'web')[USAGE] ?? Number.NaN;
  writeFileSync(join(web, 'grown'), Buffer.alloc(1_000_000));
  const becomes = async (bytes: number) =>
    expect
      .poll(async () => valuesOf(await readDisks(1), 'web')[USAGE], { timeout: 5000 })
      .toBe(bytes);
  await becomes(du(web));
  expect(du(web)).toBeGreaterThan(before + 900_000);
  rmSync(join(web, 'grown'));
  await becomes(before);
});

test('CRI-O: paths are absolute, options may be relative, and links stay below the root', async () => {
  host.cgroup(`${podSlice(podUid)}/crio-${WEB.id}.scope`, [7]);
  const merged = `${STORAGE}/abc/merged`;
  const config = { ...ociConfig(crioAnnotations(WEB)), root: { path: merged } };
  host.write(storageConfig(WEB.id), config);
  mountOverlay(merged, 'abc/diff');
  const file = host.write('/data/storage/overlay/abc/diff/file', 'content');
  host.write('/var/lib/containers/empty', '');
  symlinkSync('/data/storage', join(host.path, 'var/lib/containers/storage'));
  await start();
  const rows = await readDisks(1);
  expect(valuesOf(rows, 'web')[USAGE]).toBe(du(join(file, '..')));
});

test('without an overlay of the host, a layer or a process there is no row', async () => {
  const web = addContainerd(WEB, 7);
  const db = addContainerd(DB, 8);
  // A snapshotter that copies: the root file system is no overlay. The other is one without a layer.
  mounts.splice(1);
  mountOverlay(`/run/containerd/io.containerd.runtime.v2.task/k8s.io/${DB.id}/rootfs`, undefined);
  const { log } = await start();
  for (let i = 0; i < 5; i++) {
    expect(await readDisks(0)).toEqual([]);
    await sleep(5);
  }
  expect(log.filter((line) => line.includes('layer'))).toEqual([]);
  expect([web, db].every((path) => du(path) > 0)).toBe(true);
});

test('a layer that is removed, or a container that goes, has no row any more', async () => {
  addContainerd(WEB, 7);
  addContainerd(DB, 8);
  await start();
  await readDisks(2);
  host.remove(`${SNAPSHOTS}/7`);
  const [row] = await readDisks(1);
  expect(row?.labels.container).toBe('db');
  host.remove(`sys/fs/cgroup${podSlice(podUid)}/cri-containerd-${DB.id}.scope`);
  await readDisks(0);
  expect(observed?.log).toEqual([]);
});

test.runIf(process.getuid?.() === 0)(
  'a layer that may not be read is said once, and no part of it is a figure',
  async () => {
    const web = addContainerd(WEB, 7);
    addContainerd(DB, 8);
    chmodSync(host.path, 0o755);
    host.write(`${SNAPSHOTS}/7/fs/closed/file`, 'content');
    chmodSync(join(web, 'closed'), 0o700);
    const { log } = await start();
    process.seteuid?.(65_534);
    try {
      for (let i = 0; i < 5; i++) {
        const rows = await readDisks(1);
        expect(rows.every(({ labels }) => labels.container === 'db')).toBe(true);
      }
      expect(log).toEqual([
        `warn: Writable layer cannot be measured; its rows are absent or old (${WEB.id})`,
      ]);
      expect(observed?.own('sandgauge_source_failures', { source: 'cgroup' })).toBe(1);
    } finally {
      process.seteuid?.(0);
    }
  },
);

test('the file systems of this node are those of df; a copied tree has none', async () => {
  addContainerd(WEB, 7);
  await start();
  expect((await readDisks(1)).filter(({ labels }) => labels.id === '/')).toEqual([]);
  await observed?.shutdown();
  const options = "root_path: /\ninclude: ['/']\nmetric_sets: [disk]";
  observed = await runObserved({ receiver: options, observer: '' }, Date.now);
  const columns = ['source', 'fstype', 'size', 'used', 'itotal', 'iavail', 'target'];
  const args = ['-B1', `--output=${columns.join(',')}`, tmpdir()];
  for (let tries = 0; ; tries++) {
    const line = execFileSync('df', args).toString().trim().split('\n')[1] ?? '';
    const [source = '', type, size, used, total, free, target = ''] = line.split(/ +/);
    const device = type === 'tmpfs' ? target : source;
    const rows = (await observed.read()).filter(({ labels }) => labels.device === device);
    expect(rows[0]?.labels).toEqual({
      ...{ container: '', id: '/', image: '', name: '', namespace: '', pod: '', device },
    });
    const values = Object.fromEntries(rows.map(({ metric, value }) => [metric, value]));
    // Others write between df and the read; two columns that are mixed up differ by far more.
    const isNear =
      Math.abs((values.container_fs_usage_bytes ?? Number.NaN) - Number(used)) <= 2 ** 24 &&
      Math.abs((values.container_fs_inodes_free ?? Number.NaN) - Number(free)) <= 500;
    if (tries < 100 && !isNear) continue;
    expect(isNear).toBe(true);
    expect(values).toMatchObject({
      container_fs_limit_bytes: Number(size),
      container_fs_inodes_total: Number(total),
    });
    expect(Object.keys(values)).toHaveLength(4);
    break;
  }
});
