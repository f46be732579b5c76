import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METADATA } from '../../../src/receivers/cgroup/metadata.ts';
import { rowsOf, valueFor } from '../../support/agent.ts';
import { type Observed, runObserved } from '../../support/observed.ts';
import { unpackTree } from '../../support/tree.ts';

const NOW = 1_795_221_300_000;
const POD = '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod';
const THROTTLED = `${POD}16b4b963_ffee_4616_812c_a13ed94c0c7f.slice/cri-containerd-7f7f28333bf9a1a5ce8d6980e15856551bd8e7ca9bdc525fd336bf642a250ff6.scope`;
const PROCESSLESS = `${POD}2d0f59af_cdfd_4da5_8a95_8f59071547fe.slice/cri-containerd-5f0b6b29488f2d368ca7b68fab2da9491cb0a6a1a62fef8edcca4a130636e341.scope`;
const SWAPPING = `${POD}1c4ba176_f372_4ffa_8f86_1cc4a4be5b5f.slice/crio-bcf92103b2a32e6d1c6eb84b9f3fb9f268e08912c519f0ccef721f2139dd5077.scope`;

/** Metric, key of v1's memory.stat, key of v2's. */
const STAT_ROWS = [
  ['container_memory_rss', 'total_rss', 'anon'],
  ['container_memory_cache', 'total_cache', 'file'],
  ['container_memory_mapped_file', 'total_mapped_file', 'file_mapped'],
  ['container_memory_total_active_file_bytes', 'total_active_file', 'active_file'],
  ['container_memory_total_inactive_file_bytes', 'total_inactive_file', 'inactive_file'],
] as const;

describe.each(['v1-systemd', 'v2-systemd', 'v2-systemd-k612'])('the captured tree %s', (name) => {
  const isV1 = name.startsWith('v1');
  const root = unpackTree(name);
  const texts: string[] = [];
  const receivers: Observed[] = [];
  beforeAll(async () => {
    for (const snap of ['snap1', 'snap2']) {
      const receiver = await runAt(join(root, snap));
      receivers.push(receiver);
      texts.push(await receiver.readText());
    }
  });
  afterAll(async () => {
    for (const receiver of receivers) await receiver.shutdown();
  });
  const text = () => texts[0] ?? '';

  function file(controller: string, id: string, base: string): string {
    const folder = isV1 ? `sys/fs/cgroup/${controller}` : 'sys/fs/cgroup';
    return readFileSync(join(root, 'snap1', folder, id, base), 'utf8').trim();
  }
  function key(content: string, name: string): number {
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(content)?.[1]);
  }

  test('every container, pod and slice row says what its files say', () => {
    const usage = rowsOf(text(), 'container_cpu_usage_seconds_total');
    expect(usage.size).toBeGreaterThan(20);
    for (const [labels, value] of usage) {
      const id = /id="([^"]*)"/.exec(labels)?.[1] ?? '';
      const expected = isV1
        ? Number(file('cpu,cpuacct', id, 'cpuacct.usage')) / 1e9
        : key(file('', id, 'cpu.stat'), 'usage_usec') / 1e6;
      expect(value, id).toBe(expected);
      const stat = file('memory', id, 'memory.stat');
      const v2Usage = () =>
        id === '/' ? key(stat, 'anon') + key(stat, 'file') : Number(file('', id, 'memory.current'));
      const total = isV1 ? Number(file('memory', id, 'memory.usage_in_bytes')) : v2Usage();
      const inactive = key(stat, isV1 ? 'total_inactive_file' : 'inactive_file');
      expect(valueFor(text(), 'container_memory_usage_bytes', id), id).toBe(total);
      expect(valueFor(text(), 'container_memory_working_set_bytes', id), id).toBe(total - inactive);
      for (const [metric, v1Key, v2Key] of STAT_ROWS) {
        expect(valueFor(text(), metric, id), `${metric} ${id}`).toBe(
          key(stat, isV1 ? v1Key : v2Key),
        );
      }
      const split = isV1 ? file('cpu,cpuacct', id, 'cpuacct.stat') : file('', id, 'cpu.stat');
      for (const mode of ['user', 'system']) {
        const time = isV1 ? key(split, mode) / 100 : key(split, `${mode}_usec`) / 1e6;
        expect(valueFor(text(), `container_cpu_${mode}_seconds_total`, id), id).toBe(time);
      }
    }
  });

  test('the throttled container used what its quota allows', () => {
    const meta = (snap: string) =>
      JSON.parse(readFileSync(join(root, `${snap}.meta.json`), 'utf8')).files;
    const path = isV1
      ? `/sys/fs/cgroup/cpu,cpuacct${THROTTLED}/cpuacct.usage`
      : `/sys/fs/cgroup${THROTTLED}/cpu.stat`;
    const seconds = (Number(meta('snap2')[path].t) - Number(meta('snap1')[path].t)) / 1e9;
    const [before, after] = texts.map(
      (each) => valueFor(each, 'container_cpu_usage_seconds_total', THROTTLED) ?? 0,
    );
    const cores = ((after ?? 0) - (before ?? 0)) / seconds;
    expect(cores).toBeGreaterThan(0.19);
    expect(cores).toBeLessThan(0.2);
    expect(valueFor(text(), 'container_memory_usage_bytes', THROTTLED)).toBeCloseTo(67.4e6, -6);
    const periods = valueFor(text(), 'container_cpu_cfs_periods_total', THROTTLED) ?? 0;
    const throttled = valueFor(text(), 'container_cpu_cfs_throttled_periods_total', THROTTLED) ?? 0;
    expect(throttled / periods).toBeGreaterThan(0.9);
  });

  test('a container without processes prints no zeros, though its files do', () => {
    expect(existsSync(join(root, 'snap1/sys/fs/cgroup', isV1 ? 'memory' : '', PROCESSLESS))).toBe(
      true,
    );
    expect(text()).not.toContain(PROCESSLESS);
  });

  test('cfs rows stand only where a quota is', () => {
    const ids = [...rowsOf(text(), 'container_cpu_cfs_periods_total').keys()];
    expect(ids.some((labels) => labels.includes(THROTTLED))).toBe(true);
    expect(ids.some((labels) => labels.includes(SWAPPING))).toBe(false);
    expect(ids.some((labels) => labels.includes('id="/"'))).toBe(false);
  });

  test('what a kernel version does not give is absent, not 0', () => {
    const has = (metric: string) => text().includes(`${metric}{`);
    expect(has('container_memory_failcnt')).toBe(isV1);
    expect(has('container_memory_events_max_total')).toBe(!isV1);
    expect(has('container_memory_file_dirty_bytes')).toBe(!isV1);
    expect(valueFor(text(), 'container_memory_max_usage_bytes', '/') === undefined).toBe(!isV1);
    expect(valueFor(text(), 'container_memory_kernel_usage', THROTTLED)).toBeGreaterThan(0);
    expect(valueFor(text(), 'container_memory_swap', SWAPPING)).toBeGreaterThan(30e6);
  });

  test('only the kubelet cgroups are reported beside pods, and a crun child never', () => {
    const raw = [...rowsOf(text(), 'container_last_seen').keys()]
      .map((labels) => /id="([^"]*)"/.exec(labels)?.[1] ?? '')
      .filter((id) => !/pod[0-9a-f_]{36}/.test(id));
    expect(raw.sort()).toEqual([
      '/',
      '/kubepods.slice',
      '/kubepods.slice/kubepods-besteffort.slice',
      '/kubepods.slice/kubepods-burstable.slice',
      '/system.slice/containerd.service',
      '/system.slice/kubelet.service',
    ]);
    expect(text()).not.toContain('.scope/container"');
    expect(text()).not.toContain('crio-conmon');
  });

  test('name is the container id, and the other names are empty', () => {
    const id = THROTTLED.slice(-70, -6);
    const labels = `container="",id="${THROTTLED}",image="",name="${id}",namespace="",pod=""`;
    expect(rowsOf(text(), 'container_memory_rss').has(labels)).toBe(true);
  });

  test('the children of a pod never add up to more than the pod', () => {
    for (const metric of ['container_cpu_usage_seconds_total', 'container_memory_rss']) {
      const rows = [...rowsOf(text(), metric)].map(([labels, value]) => ({
        id: /id="([^"]*)"/.exec(labels)?.[1] ?? '',
        value,
      }));
      for (const pod of rows.filter(({ id }) => id.endsWith('.slice') && id.includes('-pod'))) {
        const sum = rows
          .filter(({ id }) => id.startsWith(`${pod.id}/`))
          .reduce((total, { value }) => total + value, 0);
        // The capture reads the leaves up to a second after their slice.
        expect(sum, pod.id).toBeLessThanOrEqual(pod.value * 1.02 + 0.05);
      }
    }
  });

  test('nothing is emitted that the metadata does not declare', () => {
    const declared = METADATA.series.map(({ name }) => name);
    const emitted = [...text().matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
    expect(emitted.length).toBeGreaterThan(20);
    expect(declared).toEqual(expect.arrayContaining(emitted));
  });

  test('machine rows', () => {
    expect([...rowsOf(text(), 'machine_cpu_cores').values()]).toEqual([2]);
    const total = /^MemTotal:\s+(\d+)/.exec(readFileSync(join(root, 'snap1/proc/meminfo'), 'utf8'));
    expect([...rowsOf(text(), 'machine_memory_bytes').values()]).toEqual([
      Number(total?.[1]) * 1024,
    ]);
  });

  test('a container started when its first process did, the node when it booted', () => {
    const stat = readFileSync(join(root, 'snap1/proc/stat'), 'utf8');
    const boot = Number(/^btime (\d+)/m.exec(stat)?.[1]);
    expect(valueFor(text(), 'container_start_time_seconds', '/')).toBe(boot);
    const pid = file('cpu,cpuacct', THROTTLED, 'cgroup.procs').split('\n')[0];
    const fields = readFileSync(join(root, `snap1/proc/${pid}/stat`), 'utf8').split(') ')[1];
    const start = boot + Number(fields?.split(' ')[19]) / 100;
    expect(valueFor(text(), 'container_start_time_seconds', THROTTLED)).toBe(Math.floor(start));
  });
});

test('the tree of a real systemd, whole', async () => {
  const root = join(unpackTree('sysd-v2'), 'snap1');
  const receiver = await runAt(root, 'raw_cgroups: all');
  const text = await receiver.readText();
  await receiver.shutdown();
  const short = text.replaceAll(/\w+="",?/g, '').replaceAll(',}', '}');
  await expect(short).toMatchFileSnapshot('testcases/sysd-v2.expected.txt');
});

test('switched off sets and metrics give no rows, and raw_cgroups none leaves only pods', async () => {
  const root = join(unpackTree('sysd-v2'), 'snap1');
  const receiver = await runAt(
    root,
    'raw_cgroups: none\nmetric_sets: [memory]\nmetrics: {container_memory_rss: {enabled: false}}',
  );
  const text = await receiver.readText();
  await receiver.shutdown();
  expect(text).not.toMatch(/container_cpu|container_memory_rss|machine_|container_last_seen/);
  const ids = [...rowsOf(text, 'container_memory_usage_bytes').keys()];
  expect(ids).toHaveLength(3);
  expect(ids.every((labels) => labels.includes('kubepods-burstable-pod'))).toBe(true);
});

function runAt(root: string, options = ''): Promise<Observed> {
  const observer = `root_path: ${root}`;
  return runObserved({ receiver: `${observer}\n${options}`, observer }, () => NOW);
}
