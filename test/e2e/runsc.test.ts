import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectControl } from '../../src/platform/runsc/control.ts';
import { parseEventReply } from '../../src/platform/runsc/event.ts';
import { type Agent, parseRows, type SampleRow, startAgent } from '../support/agent.ts';
import { v1Mounts } from '../support/cgroup-v1.ts';
import { makeNetwork, type TestNetwork } from '../support/network.ts';
import { findPeer, isMissing } from '../support/peers.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { type RunscPod, runRunscPod } from '../support/runsc/sandbox.ts';

const isSkipped = isMissing("gVisor's containers", {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  runsc: findPeer('runsc'),
  ip: findPeer('ip'),
  busybox: findPeer('busybox'),
  prometheus: findPeer('prometheus'),
});

const CPU = 'container_cpu_usage_seconds_total';
const BURN = ['/bin/awk', 'BEGIN{while(1) i++}'];
const HOLD =
  'BEGIN{s="xxxxxxxxxxxxxxxx"; while(length(s)<30000000) s=s s; while(1) system("sleep 100")}';
const OBSERVED_SECONDS = 60;

describe.skipIf(isSkipped)('a pod of a real runsc: pause, burner, idle', () => {
  let network: TestNetwork;
  let pod: RunscPod;
  let agent: Agent;
  let ping: ChildProcess;
  const value = (rows: readonly SampleRow[], metric: string, id: string) =>
    rows.find(({ name, labels }) => name === metric && labels.id === id)?.value;
  const read = async () => parseRows(await agent.scrape());

  beforeAll(async () => {
    network = makeNetwork('gv');
    pod = await runRunscPod('gv', {
      networkNamespace: network.inside,
      containers: {
        burner: {
          command: BURN,
          resources: {
            cpu: { shares: 512, quota: 150_000, period: 100_000 },
            memory: { limit: 2 ** 28 },
          },
        },
        idle: { command: ['/bin/awk', HOLD] },
      },
    });
    ping = spawn('ip', ['netns', 'exec', network.outside, 'busybox', 'ping', '10.78.0.2'], {
      stdio: 'ignore',
    });
    agent = await startAgent([
      ...['--set', `receivers.runsc.roots=["${pod.root}"]`],
      ...['--set', `receivers.cgroup.include=["/", "/sandgauge-${process.pid}-*/**"]`],
      ...['--set', 'exporters.prometheus.max_age=0s'],
    ]);
    await sleep(2000);
  }, 60_000);

  afterAll(async () => {
    await agent?.stop();
    ping?.kill();
    await pod?.stop();
    network?.remove();
  }, 60_000);

  test('each container has the labels and limits that it would have under runc', async () => {
    const rows = await read();
    const shares = rows.find(
      ({ name, labels }) => name === 'container_spec_cpu_shares' && labels.container === 'burner',
    );
    expect(shares).toEqual({
      name: 'container_spec_cpu_shares',
      labels: {
        container: 'burner',
        id: pod.cgroupOf('burner'),
        image: 'registry.test/team/tools:1.0',
        name: pod.ids.burner,
        namespace: 'team',
        pod: 'gv',
      },
      value: 512,
    });
    const burner = pod.cgroupOf('burner');
    expect(value(rows, 'container_spec_cpu_quota', burner)).toBe(150_000);
    expect(value(rows, 'container_spec_memory_limit_bytes', burner)).toBe(2 ** 28);
    expect(value(rows, 'container_processes', burner)).toBe(1);
    const started = value(rows, 'container_start_time_seconds', burner) ?? 0;
    expect(Math.abs(Date.now() / 1000 - started)).toBeLessThan(60);
  });

  test('no row is there twice, none is the compat cgroup nor the whole sandbox', async () => {
    const rows = await read();
    const keys = rows.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
    expect(new Set(keys).size).toBe(keys.length);
    // Only the host's cgroups tell these: they stand on the pod's own row, never on a container's.
    const ofHost = rows.filter(({ name, labels }) => name === 'container_memory_rss' && labels.pod);
    expect(ofHost.map(({ labels }) => labels.id)).toEqual([pod.cgroup]);
    // This build tells each container the memory of the whole sandbox.
    const memory = rows.filter(
      ({ name, labels }) => name === 'container_memory_usage_bytes' && labels.pod,
    );
    expect(memory.map(({ labels }) => labels.id)).toEqual([pod.cgroup]);
    expect(memory[0]?.value).toBeGreaterThan(30e6);
  });

  test('the network of the sandbox, on its own row', async () => {
    const before = readEth0(pod.pid());
    const rows = await read();
    const after = readEth0(pod.pid());
    const received = rows.filter(
      ({ name, labels }) => name === 'container_network_receive_bytes_total' && labels.pod,
    );
    expect(received.map(({ labels }) => [labels.id, labels.interface])).toEqual([
      [pod.cgroupOf('pause'), 'eth0'],
    ]);
    expect(received[0]?.value).toBeGreaterThanOrEqual(before);
    expect(received[0]?.value).toBeLessThanOrEqual(after);
    expect(before).toBeGreaterThan(0);
  });

  // Rates over windows that are not quite the same: a burst of other load may part them, once.
  test('over a minute no counter goes back or jumps, and the rates are true', {
    timeout: 150_000,
    retry: 1,
  }, async () => {
    const prometheus = await startPrometheus(new URL(agent.url).host);
    try {
      await sleep(6000);
      const start = { host: hostSeconds(pod), at: performance.now() };
      const last = new Map<string, number>();
      let idle = 0;
      for (let second = 0; second < OBSERVED_SECONDS; second++) {
        // Sessions that come and go in a container must not show in its counter.
        if (second >= 20) await exec(pod, 'idle');
        const rows = await read();
        for (const row of rows.filter(({ name }) => /_total$/.test(name))) {
          const key = `${row.name} ${JSON.stringify(row.labels)}`;
          expect(row.value, key).toBeGreaterThanOrEqual(last.get(key) ?? 0);
          last.set(key, row.value);
        }
        const whole = value(rows, CPU, pod.cgroup) ?? 0;
        const parts = ['pause', 'burner', 'idle'].map((each) =>
          value(rows, CPU, pod.cgroupOf(each)),
        );
        const sum = parts.reduce<number>((total, part) => total + (part ?? Number.NaN), 0);
        // The two receivers read some milliseconds apart.
        expect(sum).toBeLessThanOrEqual(whole + 0.1);
        const nowIdle = parts[2] ?? Number.NaN;
        if (second > 0) expect(nowIdle - idle).toBeLessThan(1);
        if (second === 20) expect(nowIdle).toBeLessThan(2);
        idle = nowIdle;
        await sleep(900);
      }
      const seconds = (performance.now() - start.at) / 1000;
      const [rate] = await prometheus.query(
        `sum by (container) (rate(${CPU}{pod="gv",container="burner"}[1m]))`,
      );
      const host = (hostSeconds(pod) - start.host) / seconds;
      // Where others wanted the CPU too, the host gave less than gVisor tells.
      const told = Math.min(insideShare(pod), host);
      expect(Math.abs((rate?.value ?? 0) / told - 1)).toBeLessThan(0.05);
      // Of the host's figure a part is the sandbox itself and the sessions.
      expect(rate?.value).toBeLessThan(host * 1.05);
      expect(rate?.value).toBeGreaterThan(host * 0.8);
    } finally {
      await prometheus.stop();
    }
  });

  test('under a CPU limit the sum is what the host gave, though gVisor tells more', async () => {
    const quota = `${v1Mounts().get('cpu')}${pod.cgroup}/cpu.cfs_quota_us`;
    writeFileSync(quota, '20000');
    await sleep(1000);
    const start = { rows: await read(), told: await toldSeconds(pod) };
    await sleep(8000);
    const end = { rows: await read(), told: await toldSeconds(pod) };
    writeFileSync(quota, '-1');
    const gained = (id: string) =>
      (value(end.rows, CPU, id) ?? 0) - (value(start.rows, CPU, id) ?? 0);
    expect(gained(pod.cgroupOf('burner'))).toBeLessThanOrEqual(gained(pod.cgroup) + 0.1);
    expect(gained(pod.cgroupOf('burner'))).toBeGreaterThan(gained(pod.cgroup) * 0.8);
    expect(end.told - start.told).toBeGreaterThan(gained(pod.cgroup) * 1.2);
  }, 30_000);

  test('after the burner exits its rows are gone and no other jumps', async () => {
    const before = await read();
    pod.runsc('kill', pod.ids.burner ?? '', 'KILL');
    await sleep(500);
    const after = await read();
    expect(after.filter(({ labels }) => labels.id === pod.cgroupOf('burner'))).toEqual([]);
    for (const each of ['pause', 'idle'].map(pod.cgroupOf)) {
      const gained = (value(after, CPU, each) ?? Number.NaN) - (value(before, CPU, each) ?? 0);
      expect(gained).toBeGreaterThanOrEqual(0);
      expect(gained).toBeLessThan(0.5);
    }
    expect(agent.log()).not.toMatch(/\terror\t/);
  });
});

function readEth0(pid: number): number {
  const text = readFileSync(`/proc/${pid}/net/dev`, 'utf8');
  return Number(/^ *eth0: *(\d+)/m.exec(text)?.[1]);
}

/** What the cgroup of the sandbox used. */
function hostSeconds(pod: RunscPod): number {
  const path = `${v1Mounts().get('cpuacct')}${pod.cgroupOf('pause')}/cpuacct.usage`;
  return Number(readFileSync(path, 'utf8')) / 1e9;
}

/** What `runsc ps` says of the burner's one process: C, the percentage of a CPU since its start. */
function insideShare(pod: RunscPod): number {
  const line = pod
    .runsc('ps', pod.ids.burner ?? '')
    .split('\n')
    .find((each) => each.includes('awk'));
  return Number(line?.split(/ +/)[3]) / 100;
}

/** What gVisor itself tells of the burner, as it is. */
async function toldSeconds(pod: RunscPod): Promise<number> {
  const path = `\0runsc-sandbox.${pod.sandboxId}\0`;
  const connection = connectControl({ path, close() {} });
  const reply = await connection.call('containerManager.Event', null, performance.now() + 1000);
  connection.close();
  return (parseEventReply(reply).usageNanos.get(pod.ids.burner ?? '') ?? Number.NaN) / 1e9;
}

async function exec(pod: RunscPod, name: string): Promise<void> {
  const child = spawn(
    'runsc',
    ['--root', pod.root, '--platform=ptrace', 'exec', pod.ids[name] ?? '', '/bin/true'],
    { stdio: 'ignore' },
  );
  await new Promise((resolve) => child.once('exit', resolve));
}
