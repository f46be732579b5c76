import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Agent, startAgent } from '../support/agent.ts';
import { v1Mounts } from '../support/cgroup-v1.ts';
import { findPeer, isMissing } from '../support/peers.ts';
import { type RunscPod, runRunscPod } from '../support/runsc/sandbox.ts';

const isSkipped = isMissing("limits of gVisor's containers on cgroup v1", {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  runsc: findPeer('runsc'),
  busybox: findPeer('busybox'),
});

const WAIT = { timeout: 10_000, interval: 50 };
const UNLIMITED = '9223372036854771712';
const LIMITS = {
  memory: {
    'memory.limit_in_bytes': [UNLIMITED, String(2 ** 28)],
    'memory.memsw.limit_in_bytes': [UNLIMITED, String(2 ** 29)],
    'memory.soft_limit_in_bytes': [UNLIMITED, String(2 ** 27)],
  },
  cpu: {
    'cpu.shares': ['1024', '512'],
    'cpu.cfs_period_us': ['100000', '50000'],
    'cpu.cfs_quota_us': ['-1', '25000'],
  },
  pids: { 'pids.max': ['max', '128'] },
} as const;
const RESOURCES = {
  memory: { limit: 2 ** 28, swap: 2 ** 29, reservation: 2 ** 27 },
  cpu: { shares: 512, quota: 25_000, period: 50_000 },
  pids: { limit: 128 },
};
const COMMAND = ['/bin/sleep', '100000'];

describe.skipIf(isSkipped)('compat cgroups of a real runsc, on cgroup v1', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-compat-'));
  let pod: RunscPod;
  let agent: Agent | undefined;

  const directory = (controller: string, name: string) =>
    `${v1Mounts().get(controller)}${pod.cgroupOf(name)}`;
  /** All files of a container, and what they are to hold with (1) or without limits (0). */
  const files = (name: string, index: 0 | 1) =>
    Object.entries(LIMITS).flatMap(([controller, each]) =>
      Object.entries(each).map(([file, values]): [string, string] => [
        `${directory(controller, name)}/${file}`,
        values[index],
      ]),
    );
  const expectFiles = (wanted: readonly (readonly [string, string])[]) => {
    const there = wanted.filter(([path]) => existsSync(path));
    // A kernel without swap accounting has no memsw.
    expect(there.length).toBeGreaterThanOrEqual(wanted.length - 1);
    expect(there.map(([path]) => [path, readFileSync(path, 'utf8').trim()])).toEqual(there);
  };
  const isMarked = (controller: string, name: string) =>
    (statSync(directory(controller, name)).mode & 0o1000) !== 0;
  const start = async () => {
    const config = join(folder, 'agent.yaml');
    const roots = JSON.stringify([pod.root]);
    const cgroup = `{collection_interval: 1h, include: ["${pod.cgroup}/**"]}`;
    const pipeline = 'metrics: {receivers: [cgroup], exporters: [debug]}';
    const sections = [
      `extensions: {workload_observer: , compat_cgroup: {roots: ${roots}, interval: 1s}}`,
      `receivers: {cgroup: ${cgroup}}`,
      'exporters: {debug: }',
      `service: {extensions: [workload_observer, compat_cgroup], pipelines: {${pipeline}}}`,
    ];
    writeFileSync(config, sections.join('\n'));
    agent = await startAgent(['--config', config], false);
  };

  beforeAll(async () => {
    const containers = {
      app: { command: COMMAND, resources: RESOURCES },
      side: { command: COMMAND, resources: RESOURCES },
      free: { command: COMMAND },
    };
    pod = await runRunscPod('compat', { containers });
  }, 60_000);

  afterAll(async () => {
    await agent?.stop();
    await pod?.stop();
    rmSync(folder, { recursive: true });
  }, 60_000);

  test('the files of process-less directories are filled', async () => {
    expectFiles(files('app', 0));
    await start();
    await vi.waitFor(() => expectFiles(files('app', 1)), WAIT);
    expectFiles(files('side', 1));
    expectFiles(files('free', 0));
    expect(isMarked('memory', 'app')).toBe(true);
    expect(isMarked('memory', 'free')).toBe(false);
  });

  test("the sandbox' own, which has the processes, is left alone", () => {
    expect(readFileSync(`${directory('memory', 'pause')}/cgroup.procs`, 'utf8')).not.toBe('');
    expectFiles(files('pause', 0));
    expect(isMarked('memory', 'pause')).toBe(false);
  });

  test('after kill -9 they stay, and are known again', async () => {
    agent?.process.kill('SIGKILL');
    await new Promise((resolve) => agent?.process.once('exit', resolve));
    expectFiles(files('app', 1));
    await start();
    await sleep(1500);
    expectFiles(files('app', 1));
  });

  test('a process in one hierarchy lifts the limits in all', async ({ onTestFinished }) => {
    const child = spawn('sleep', ['100'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    writeFileSync(`${directory('pids', 'app')}/cgroup.procs`, String(child.pid));
    await vi.waitFor(() => {
      expectFiles(files('app', 0));
      for (const controller of Object.keys(LIMITS)) {
        expect(isMarked(controller, 'app'), controller).toBe(false);
      }
    }, WAIT);
    child.kill('SIGKILL');
    await sleep(1500);
    expectFiles(files('app', 0));
    expectFiles(files('side', 1));
  });

  test('runsc removes its directories as ever, and there is nothing to say', async () => {
    const path = directory('memory', 'side');
    pod.runsc('kill', pod.ids.side ?? '', 'KILL');
    await vi.waitFor(() => pod.runsc('delete', pod.ids.side ?? ''), WAIT);
    expect(existsSync(path)).toBe(false);
    await sleep(1500);
    expect(existsSync(path)).toBe(false);
    expect(agent?.log()).not.toMatch(/\t(warn|error)\t(?!A limit has no file)/);
  });
});
