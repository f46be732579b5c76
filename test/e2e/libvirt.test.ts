import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Agent,
  BUNDLE,
  freePort,
  NODE,
  parseRows,
  type SampleRow,
  startAgent,
} from '../support/agent.ts';
import { cgroupMounts } from '../support/cgroup-v1.ts';
import { connectClient } from '../support/cri/client.ts';
import { LIBVIRT_NEEDS, startLibvirtd, type TestLibvirtd } from '../support/libvirt/libvirtd.ts';
import { isMissing } from '../support/peers.ts';

const CPU = 'container_cpu_usage_seconds_total';
const NAME = 'virtlet-231700d5-c9a6-web';
const UUID = '231700d5-c9a6-5a49-938d-99a954c51550';
const METADATA = `<v:pod xmlns:v='https://virtlet.example/meta'><v:namespace>default</v:namespace>
  <v:name>web-0</v:name></v:pod>`;

const isSkipped = isMissing('the agent on a host with libvirt', LIBVIRT_NEEDS);

describe.skipIf(isSkipped)('a node as virtlet makes it', { timeout: 60_000 }, () => {
  let libvirtd: TestLibvirtd;
  let folder: string;
  let agent: Agent;
  beforeAll(async () => {
    libvirtd = await startLibvirtd('e2e');
    libvirtd.create({ name: NAME, uuid: UUID, metadata: METADATA });
    libvirtd.create({ name: 'other' });
    folder = mkdtempSync(join(tmpdir(), 'sandgauge-libvirt-e2e-'));
    const here = `receivers:
  cgroup: { collection_interval: 1s }
  libvirt:
    collection_interval: 1s
    guest_filesystems: none
    uri: qemu:///system?socket=${libvirtd.readOnlySocket}
exporters:
  cri: { endpoint: unix://${folder}/cri.sock }
`;
    writeFileSync(join(folder, 'here.yaml'), here);
    const configs = ['examples/libvirt/otel-collector.yaml', join(folder, 'here.yaml')];
    agent = await startAgent(configs.flatMap((path) => ['--config', path]));
  }, 120_000);
  afterAll(async () => {
    await agent?.stop();
    await libvirtd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function rows(): Promise<SampleRow[]> {
    return parseRows(await agent.scrape());
  }

  const ofVm = (all: readonly SampleRow[], metric: string) =>
    all.filter(({ name, labels }) => name === metric && labels.name === NAME);

  test('a VM has one voice: its cgroup is not reported a second time', async () => {
    const atOnce = async () => {
      const all = await rows();
      const bare = all.filter(({ labels }) => /-qemu$/.test(labels.id ?? '') && !labels.name);
      expect(bare).toEqual([]);
      return ofVm(all, CPU).length;
    };
    await expect.poll(atOnce, { timeout: 20_000 }).toBe(1);
    // The cgroup receiver has seen the cgroup by now, whoever came first.
    await sleep(2500);
    const all = await rows();
    const [row] = ofVm(all, CPU);
    const { id = '' } = row?.labels ?? {};
    expect(cgroupMounts().some((mount) => existsSync(join(mount, id)))).toBe(true);
    expect(row?.labels).toMatchObject({ container: 'web', pod: 'web-0', namespace: 'default' });
    const seen = new Map<string, number>();
    for (const { name, labels } of all) {
      if (labels.id !== id) continue;
      expect([name, labels.name]).toEqual([name, NAME]);
      const { container, namespace, pod, image, ...own } = labels;
      const key = `${name} ${JSON.stringify(own)}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect([...seen].filter(([, count]) => count > 1)).toEqual([]);
    expect(agent.log()).not.toMatch(/duplicate/i);
  });

  test('all VMs of the partition, and nothing of their own above what it used', async () => {
    const all = await rows();
    const cpu = all.filter(({ name }) => name === CPU);
    const vms = cpu.filter(({ labels }) => labels.id?.startsWith(`${libvirtd.cgroup}/qemu-`));
    const whole = cpu.find(({ labels }) => labels.id === libvirtd.cgroup);
    const named = vms.filter(({ labels }) => labels.name !== '');
    expect(named.map(({ labels }) => labels.name).sort()).toEqual(['other', NAME]);
    const sum = named.reduce((total, { value }) => total + value, 0);
    expect(sum).toBeGreaterThan(0);
    // Both are read within the same second, one after the other.
    expect(sum).toBeLessThanOrEqual((whole?.value ?? 0) + 2);
  });

  test('over the CRI it is a container with figures of its own', async () => {
    const client = connectClient(join(folder, 'cri.sock'));
    try {
      const stats = async () => {
        const { stats: all } = await client.call('ListContainerStats');
        return all.find(({ attributes }) => attributes?.id === UUID);
      };
      await expect.poll(async () => (await stats())?.cpu !== undefined).toBe(true);
      const found = await stats();
      expect(found?.attributes?.metadata?.name).toBe('web');
      expect(found?.attributes?.labels).toMatchObject({ 'io.kubernetes.pod.name': 'web-0' });
      const [row] = ofVm(await rows(), CPU);
      const told = Number(found?.cpu?.usage_core_nano_seconds ?? 0) / 1e9;
      // The mean of some samples is older than the last.
      expect(told).toBeGreaterThan(0);
      expect(told).toBeLessThanOrEqual(row?.value ?? 0);
      expect((row?.value ?? 0) - told).toBeLessThan(6);
    } finally {
      client.close();
    }
  });
});

const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];

test.skipIf(isSkipped)(
  'a socket that may not be opened is said once, and the rest goes on',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandgauge-libvirt-denied-'));
    const socket = join(folder, 'libvirt-sock-ro');
    const server = createServer().listen(socket);
    chmodSync(folder, 0o755);
    chmodSync(socket, 0o700);
    const port = await freePort();
    const config = `receivers:
  cgroup: { collection_interval: 1s, initial_delay: 0s }
  libvirt: { collection_interval: 1s, initial_delay: 0s, sockets: [${socket}] }
exporters: { prometheus: { endpoint: "127.0.0.1:${port}" } }
service: { pipelines: { metrics: { receivers: [cgroup, libvirt], exporters: [prometheus] } } }
`;
    const agent = spawn('setpriv', [...NOBODY, NODE, BUNDLE, '--config', `yaml:${config}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    agent.stderr.on('data', (text) => {
      log += text;
    });
    try {
      const said = () => log.match(/Daemon may not be asked; its domains have no rows/g) ?? [];
      await expect.poll(said, { timeout: 20_000 }).toHaveLength(1);
      await sleep(3000);
      expect(said()).toHaveLength(1);
      expect(log).toContain(socket);
      expect(log).toContain('EACCES');
      expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain(CPU);
    } finally {
      agent.kill();
      await once(agent, 'exit');
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  40_000,
);
