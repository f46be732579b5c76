import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Agent, parseRows, type SampleRow, startAgent } from '../support/agent.ts';
import { v1Mounts } from '../support/cgroup-v1.ts';
import { type Containerd, IMAGES, startContainerd } from '../support/containerd/containerd.ts';
import { type Pod, runPod } from '../support/containerd/pod.ts';
import { pidsOf, readKernelRows } from '../support/kernel-v1.ts';
import { compile, findPeer, isMissing } from '../support/peers.ts';
import { startPrometheus } from '../support/prometheus.ts';

const isSkipped = isMissing('pods of a real containerd', {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  containerd: findPeer('containerd'),
  runc: findPeer('runc'),
  ip: findPeer('ip'),
  busybox: findPeer('busybox'),
  prometheus: findPeer('prometheus'),
  cc: findPeer('cc'),
});

const LIMIT = 256 * 2 ** 20;
const TALK = 'while :; do dd if=/dev/zero bs=1000 count=200 | nc 10.77.0.1 5000; sleep 0.2; done';

const READ = 'while :; do dd if=/bin/hog of=/dev/null bs=65536 iflag=direct; sleep 0.1; done';

describe.skipIf(isSkipped)('pods of a real containerd and runc', () => {
  let containerd: Containerd;
  let agent: Agent;
  let pod: Pod;
  let hostPod: Pod;
  let listener: ReturnType<typeof spawn>;
  const cgroupOf = (name: string) => `${pod.cgroup}/${pod.containers[name]}`;

  beforeAll(async () => {
    containerd = await startContainerd({ '/bin/hog': compile('hog.c') });
    const inPeer = ['netns', 'exec', containerd.peerNamespace, 'busybox'];
    listener = spawn('ip', [...inPeer, 'nc', '-ll', '-p', '5000', '-e', 'busybox', 'cat'], {
      stdio: 'ignore',
    });
    // The agent is there first: it must find what comes later.
    agent = await startAgent([
      ...[
        '--set',
        `extensions.workload_observer.containerd_state_directories=[${containerd.state}]`,
      ],
      ...['--set', `receivers.cgroup.include=["/", "/sandgauge-${process.pid}-*/**"]`],
      // This containerd (1.6) does not write the image of a sandbox anywhere.
      ...['--set', `extensions.workload_observer.sandbox_image=${IMAGES.pause}`],
      ...['--set', 'exporters.prometheus.max_age=0s'],
    ]);
    pod = await runPod(containerd, 'web', {
      burner: {
        command: ['/bin/hog', '100', '48'],
        resources: {
          cpu_period: 100_000,
          cpu_quota: 50_000,
          cpu_shares: 512,
          memory_limit_in_bytes: LIMIT,
        },
      },
      talker: { command: ['/bin/sh', '-c', TALK], resources: { cpu_shares: 102 } },
      reader: { command: ['/bin/sh', '-c', READ] },
    });
    hostPod = await runPod(
      containerd,
      'host',
      { idle: { command: ['/bin/sleep', '100000'] } },
      { isHostNetwork: true },
    );
    await sleep(1000);
  }, 60_000);

  afterAll(async () => {
    await agent?.stop();
    listener?.kill();
    await pod?.remove();
    await hostPod?.remove();
    await containerd?.stop();
  }, 60_000);

  test('the labels are those of the kubelet', async () => {
    const rows = parseRows(await agent.scrape());
    const labelsOf = (id: string) =>
      rows.find(({ name, labels }) => name === 'container_memory_rss' && labels.id === id)?.labels;
    const inPod = { namespace: 'team', pod: 'web' };
    const ids = { sandbox: pod.sandboxId, burner: pod.containers.burner ?? '' };
    expect(labelsOf(`${pod.cgroup}/${ids.burner}`)).toEqual({
      ...inPod,
      container: 'burner',
      id: cgroupOf('burner'),
      image: IMAGES.tools,
      name: ids.burner,
    });
    expect(labelsOf(`${pod.cgroup}/${ids.sandbox}`)).toEqual({
      ...inPod,
      container: '',
      id: `${pod.cgroup}/${ids.sandbox}`,
      image: IMAGES.pause,
      name: ids.sandbox,
    });
    expect(labelsOf(pod.cgroup)).toEqual({
      ...inPod,
      container: '',
      id: pod.cgroup,
      image: '',
      name: '',
    });
    const slice = pod.cgroup.slice(0, pod.cgroup.lastIndexOf('/'));
    expect(labelsOf(slice)).toEqual({
      ...{ namespace: '', pod: '', container: '' },
      ...{ id: slice, image: '', name: '' },
    });
  });

  test('every row lies between what the kernel said before and after', async () => {
    const cgroups = [
      ...['burner', 'talker', 'reader'].map(cgroupOf),
      `${pod.cgroup}/${pod.sandboxId}`,
      pod.cgroup,
    ];
    const before = cgroups.map(readKernelRows);
    const rows = parseRows(await agent.scrape());
    const after = cgroups.map(readKernelRows);
    for (const [i, id] of cgroups.entries()) {
      for (const [name, low] of before[i] as Map<string, number>) {
        if (id !== cgroupOf('burner') && MOVES.test(name)) continue;
        if (id === pod.cgroup && NOT_OF_PODS.test(name)) continue;
        const value = valueIn(rows, name, id);
        const high = after[i]?.get(name) ?? Number.NaN;
        const text = `${name} of ${id}: ${low} <= ${value} <= ${high}`;
        const [least, most] = [Math.min(low, high), Math.max(low, high)];
        expect(value !== undefined && value >= least && value <= most, text).toBe(true);
      }
    }
    const burner = cgroupOf('burner');
    expect(valueIn(rows, 'container_spec_memory_limit_bytes', burner)).toBe(LIMIT);
    expect(valueIn(rows, 'container_spec_cpu_shares', burner)).toBe(512);
    expect(valueIn(rows, 'container_spec_cpu_quota', burner)).toBe(50_000);
    const seconds = Number(valueIn(rows, 'container_start_time_seconds', burner));
    expect(Math.abs(seconds - startOf(pidsOf(burner)[0] ?? ''))).toBeLessThanOrEqual(1);
  });

  test('reads of a disk are those that the kernel counts, by device', async () => {
    const id = cgroupOf('reader');
    // Without bfq a v1 kernel counts only once a limit is set: here one that is never reached.
    const { dev } = statSync(containerd.state);
    const limit = `${(dev >> 8) & 0xfff}:${dev & 0xff} 100000000000`;
    writeFileSync(`${v1Mounts().get('blkio')}${id}/blkio.throttle.read_bps_device`, limit);
    await sleep(1000);
    const before = readDevices(id);
    const rows = parseRows(await agent.scrape()).filter(({ labels }) => labels.id === id);
    const after = readDevices(id);
    for (const [name, file] of [
      ['container_fs_reads_bytes_total', 'io_service_bytes'],
      ['container_fs_reads_total', 'io_serviced'],
    ]) {
      const row = rows.find((each) => each.name === name);
      const [least, most] = [before, after].map((read) => read.get(file ?? ''));
      expect(row?.labels.device).toMatch(/^\/dev\//);
      expect(row?.value).toBeGreaterThanOrEqual(least ?? Number.NaN);
      expect(row?.value).toBeLessThanOrEqual(most ?? Number.NaN);
      expect(row?.value).toBeGreaterThan(0);
    }
  });

  test('network rows stand on the sandbox alone, and not for the pod on the host network', async () => {
    const pid = pidsOf(`${pod.cgroup}/${pod.sandboxId}`)[0] ?? '';
    const before = readInterface(pid, 'eth0');
    const rows = parseRows(await agent.scrape());
    const after = readInterface(pid, 'eth0');
    const network = rows.filter(({ name }) => name.startsWith('container_network_'));
    const ofPod = network.filter(({ labels }) => labels.id !== '/');
    expect(new Set(ofPod.map(({ labels }) => labels.id))).toEqual(
      new Set([`${pod.cgroup}/${pod.sandboxId}`]),
    );
    expect(new Set(ofPod.map(({ labels }) => labels.interface))).toEqual(new Set(['eth0']));
    for (const [name, column] of [
      ['container_network_receive_bytes_total', 0],
      ['container_network_receive_packets_total', 1],
      ['container_network_transmit_bytes_total', 8],
      ['container_network_transmit_packets_total', 9],
    ] as const) {
      const value = ofPod.find((row) => row.name === name)?.value;
      expect(value, name).toBeGreaterThanOrEqual(before[column] ?? Number.NaN);
      expect(value, name).toBeLessThanOrEqual(after[column] ?? Number.NaN);
      expect(value, name).toBeGreaterThan(0);
    }
    expect(hostPod.containers.idle).toBeDefined();
    expect(rows.some(({ labels }) => labels.pod === 'host')).toBe(true);
  });

  test('containers never add up to more than their pod, and no row is there twice', async () => {
    for (let round = 0; round < 20; round++) {
      const rows = parseRows(await agent.scrape());
      const keys = rows.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const [name, slack] of ADDITIVE) {
        const ofPod = rows.filter((row) => row.name === name && row.labels.pod === 'web');
        const sum = ofPod
          .filter(({ labels }) => labels.image !== '')
          .reduce((total, { value }) => total + value, 0);
        const whole = valueIn(ofPod, name, pod.cgroup);
        expect(sum, name).toBeLessThanOrEqual((whole ?? 0) + slack);
      }
      await sleep(50);
    }
  });

  test('PromQL as dashboards write it gives the true numbers', async () => {
    const prometheus = await startPrometheus(new URL(agent.url).host);
    try {
      await sleep(5_000);
      const names = ['burner', 'talker', 'reader'];
      const pid = pidsOf(`${pod.cgroup}/${pod.sandboxId}`)[0] ?? '';
      const cpu = () =>
        names
          .map((name) => readKernelRows(cgroupOf(name)).get('container_cpu_usage_seconds_total'))
          .reduce((sum, value) => (sum ?? 0) + (value ?? Number.NaN), 0) ?? Number.NaN;
      const first = { cpu: cpu(), sent: readInterface(pid, 'eth0')[8] ?? 0, at: performance.now() };
      await sleep(60_000);
      const seconds = (performance.now() - first.at) / 1000;
      const [used] = await prometheus.query(
        'sum by (namespace,pod) (rate(container_cpu_usage_seconds_total{image!="",container!="",pod="web"}[1m]))',
      );
      const [sent] = await prometheus.query(
        'sum by (namespace,pod) (rate(container_network_transmit_bytes_total{pod!=""}[1m]))',
      );
      const [share] = await prometheus.query(
        'container_memory_working_set_bytes{container!="",pod="web"} / (container_spec_memory_limit_bytes > 0)',
      );
      const expected = { cpu: (cpu() - first.cpu) / seconds };
      expect(used?.metric).toEqual({ namespace: 'team', pod: 'web' });
      expect(Math.abs((used?.value ?? 0) / expected.cpu - 1)).toBeLessThan(0.05);
      const bytes = ((readInterface(pid, 'eth0')[8] ?? 0) - first.sent) / seconds;
      expect(sent?.metric).toEqual({ namespace: 'team', pod: 'web' });
      expect(Math.abs((sent?.value ?? 0) / bytes - 1)).toBeLessThan(0.1);
      const set = readKernelRows(cgroupOf('burner')).get('container_memory_working_set_bytes') ?? 0;
      expect(share?.metric.container).toBe('burner');
      expect(share?.value).toBeCloseTo(set / LIMIT, 2);
    } finally {
      await prometheus.stop();
    }
  }, 120_000);

  test('a container that is removed is gone from the next scrape on', async () => {
    const container_id = hostPod.containers.idle ?? '';
    await containerd.cri.call('RemoveContainer', { container_id });
    expect(await agent.scrape()).not.toContain(container_id);
    expect(agent.log()).not.toMatch(/\terror\t/);
  });
});

/** Rows of what comes and goes with each `dd`; only the burner runs none. */
const MOVES = /processes|threads$|descriptors|memory_(?!swap|failcnt)/;
/** Rows of a cgroup's own processes, and what v1 does not tell of one with children. */
const NOT_OF_PODS = /container_(processes|file_descriptors|oom_events_total)$/;
/**
 * Metrics that add up, with what the sum may be too large by: rounding for a counter, and for a gauge
 * a short-lived `dd` that ends between the two reads.
 */
const ADDITIVE = [
  ['container_cpu_usage_seconds_total', 1e-9],
  ['container_memory_rss', 4 * 2 ** 20],
  ['container_memory_usage_bytes', 4 * 2 ** 20],
  ['container_memory_cache', 4 * 2 ** 20],
  ['container_threads', 4],
] as const;

function valueIn(rows: readonly SampleRow[], name: string, id: string): number | undefined {
  return rows.find((row) => row.name === name && row.labels.id === id)?.value;
}

function readInterface(pid: string, name: string): number[] {
  const line = readFileSync(`/proc/${pid}/net/dev`, 'utf8')
    .split('\n')
    .find((each) => each.trim().startsWith(`${name}:`));
  return (line?.split(':')[1] ?? '').trim().split(/ +/).map(Number);
}

/** What a cgroup read of disks, by the recursive throttle files (blkio-controller.rst). */
function readDevices(id: string): Map<string, number> {
  const read = (name: string) => {
    const path = `${v1Mounts().get('blkio')}${id}/blkio.throttle.${name}_recursive`;
    const lines = readFileSync(path, 'utf8').matchAll(/^\d+:\d+ Read (\d+)$/gm);
    return [name, [...lines].reduce((sum, [, value]) => sum + Number(value), 0)] as const;
  };
  return new Map(['io_service_bytes', 'io_serviced'].map(read));
}

/** Seconds since the epoch at which a process began: proc(5), field 22 of stat. */
function startOf(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const ticks = Number(stat.slice(stat.lastIndexOf(')')).split(' ')[20]);
  const boot = /^btime (\d+)/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
  return Number(boot) + ticks / 100;
}
