/** What CRI-O's StatsServer and containerd get wrong, and that it is right here. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import { CPU } from '../../../src/catalog/cpu.ts';
import { DISK } from '../../../src/catalog/disk.ts';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { NETWORK } from '../../../src/catalog/network.ts';
import { PROCESS } from '../../../src/catalog/process.ts';
import { SPEC } from '../../../src/catalog/spec.ts';
import {
  idOf,
  makeContainer,
  makeSlice,
  NOW,
  type Running,
  runCri,
  type Subject,
  stopAll,
} from './running.ts';

afterEach(stopAll);

const POD = { uid: '11111111-2222-3333-4444-555555555555', name: 'web', sandboxId: idOf('f0') };
const TOTAL = { cpu: 'total' };
const cpu = (subject: Subject, value: number, seconds: number) =>
  subject.point(CPU.container_cpu_usage_seconds_total, value, NOW + seconds * 1000, TOTAL);

async function runOne(yaml = 'max_age: 0s') {
  const running = await runCri(yaml);
  const app = makeContainer(POD, idOf('01'), 'app');
  running.known.push(app.known);
  const stats = async () =>
    (await running.client.call('ContainerStats', { container_id: app.id })).stats;
  return { running, app, stats };
}

describe("CRI-O's StatsServer", () => {
  test('its loop never renews a container: the first answer is served until the removal', async () => {
    const { running, app, stats } = await runOne();
    const told: (bigint | undefined)[] = [];
    for (const value of [1, 2, 3]) {
      await running.give([cpu(app, value, value)]);
      told.push((await stats())?.cpu?.usage_core_nano_seconds);
    }
    expect(told).toEqual([1_000_000_000n, 2_000_000_000n, 3_000_000_000n]);
  });

  test("a pod's list of containers stays empty", async () => {
    const { running, app } = await runOne();
    await running.give([cpu(app, 1, 0)]);
    const { stats } = await running.client.call('ListPodSandboxStats');
    expect(stats[0]?.linux?.containers.map((each) => each.attributes?.id)).toEqual([app.id]);
  });

  test('two samples of one moment divide by zero', async () => {
    const { running, app, stats } = await runOne();
    await running.give([cpu(app, 1, 0), cpu(app, 2, 0)]);
    expect((await stats())?.cpu?.usage_nano_cores).toBeUndefined();
    await running.give([cpu(app, 6, 10), cpu(app, 7, 10)]);
    expect((await stats())?.cpu?.usage_nano_cores).toBe(500_000_000n);
  });

  test('a counter that went back wraps to 1.8e19 cores', async () => {
    const { running, app, stats } = await runOne();
    await running.give([cpu(app, 100, 0), cpu(app, 110, 20), cpu(app, 1, 40)]);
    expect((await stats())?.cpu?.usage_nano_cores).toBeUndefined();
    await running.give([cpu(app, 11, 60)]);
    expect((await stats())?.cpu?.usage_nano_cores).toBe(500_000_000n);
  });

  test('the default interface is the first one, which is lo', async () => {
    const { running } = await runOne();
    const pause = makeContainer(POD, POD.sandboxId);
    running.known.push(pause.known);
    const received = NETWORK.container_network_receive_bytes_total;
    await running.give(
      ['lo', 'eth0'].map((name) => pause.point(received, 1, NOW, { interface: name })),
    );
    const { stats } = await running.client.call('ListPodSandboxStats');
    expect(stats[0]?.linux?.network?.default_interface).toBeUndefined();
    expect(stats[0]?.linux?.network?.interfaces).toHaveLength(2);
  });

  test('a writable layer that could not be measured is told with a time and no figure', async () => {
    const { running, app, stats } = await runOne();
    await running.give([cpu(app, 1, 0)]);
    expect((await stats())?.writable_layer).toBeUndefined();
  });

  test('a writable layer has the time of the question, not of the measurement', async () => {
    const { running, app, stats } = await runOne();
    await running.give([cpu(app, 1, 0), app.point(DISK.container_fs_usage_bytes, 9, NOW - 59_000)]);
    expect((await stats())?.writable_layer?.timestamp).toBe(BigInt(NOW - 59_000) * 1_000_000n);
  });

  test('threads are told as processes', async () => {
    const { running, app } = await runOne();
    await running.give([
      app.point(PROCESS.container_processes, 1),
      app.point(PROCESS.container_threads, 40),
    ]);
    const { stats } = await running.client.call('ListPodSandboxStats');
    expect(stats[0]?.linux?.process?.process_count).toBe(1n);
  });

  test('one container that hangs holds its lock, and so every other answer', async () => {
    const { running, app } = await runOne('collect_on_scrape: true\nmax_age: 0s');
    const hung = makeContainer(POD, idOf('02'), 'hung');
    running.known.push(hung.known);
    running.onCollect = async (deadline) => {
      await running.give([cpu(app, 1, 0)], true);
      await new Promise((resolve) => setTimeout(resolve, deadline - performance.now()));
    };
    const startedAt = performance.now();
    const [soon, later] = [1_000, 5_000].map((timeout) =>
      running.client.call('ListContainerStats', {}, timeout),
    );
    expect((await soon)?.stats.map((each) => each.attributes?.id)).toEqual([app.id]);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect((await later)?.stats).toHaveLength(1);
  });

  test('what stopped without being removed is served for ever', async () => {
    const { running, app } = await runOne();
    await running.give([cpu(app, 1, 0)]);
    await running.give(app.end());
    // The observer may know it for longer: the runtime has not removed it.
    expect(running.known).toHaveLength(1);
    for (const method of ['ListContainerStats', 'ListPodSandboxStats'] as const) {
      expect((await running.client.call(method)).stats).toEqual([]);
    }
    expect((await running.client.call('ListContainers')).containers).toEqual([]);
  });
});

describe('containerd', () => {
  const bytes = async (limit: number, workingSet: number) => {
    const { running, app, stats } = await runOne();
    await running.give([
      app.point(SPEC.container_spec_memory_limit_bytes, limit),
      app.point(MEMORY.container_memory_working_set_bytes, workingSet),
    ]);
    return (await stats())?.memory?.available_bytes;
  };

  test('without a limit what is available is nearly 2^64', async () => {
    expect(await bytes(0, 5_000)).toBeUndefined();
  });

  test('so it is above the limit', async () => {
    expect(await bytes(4_096, 5_000)).toBe(0n);
    expect(await bytes(8_192, 5_000)).toBe(3_192n);
  });

  test('cores are those between two callers, however close they are', async () => {
    const { running, app, stats } = await runOne();
    // 1 core all the time, and a burst of 10 ms at the end.
    for (const [seconds, value] of [
      [0, 0],
      [10, 10],
      [19, 19],
      [19.01, 19.08],
    ] as const) {
      await running.give([cpu(app, value, seconds)]);
      await stats();
    }
    const cores = Number((await stats())?.cpu?.usage_nano_cores) / 1e9;
    expect(cores).toBeGreaterThan(1);
    expect(cores).toBeLessThan(1.01);
  });

  test('a runtime that tells no inactive file or rss has usage and 0 in their place', async () => {
    const { running, app, stats } = await runOne();
    await running.give([app.point(MEMORY.container_memory_usage_bytes, 5_000)]);
    const memory = (await stats())?.memory;
    expect(memory?.usage_bytes).toBe(5_000n);
    expect(memory?.working_set_bytes).toBeUndefined();
    expect(memory?.rss_bytes).toBeUndefined();
  });

  test('its metrics lack a quota, a reservation, pressure and ulimits', async () => {
    const { running } = await runOne();
    const { descriptors } = await running.client.call('ListMetricDescriptors');
    const names = descriptors.map(({ name }) => name);
    for (const name of [
      'container_spec_cpu_quota',
      'container_spec_memory_reservation_limit_bytes',
      'container_pressure_memory_waiting_seconds_total',
      'container_ulimits_soft',
    ]) {
      expect(names).toContain(name);
    }
  });
});

test('10,000 workloads that come and go leave nothing', async () => {
  const running = await runCri('max_age: 0s');
  const warm = await churn(running, 2_000, 0);
  const last = await churn(running, 8_000, 2_000);
  process.stderr.write(`heap after 2,000: ${warm}, after 10,000: ${last}\n`);
  expect(last - warm).toBeLessThan(1_000_000);
}, 60_000);

/** Pods of two containers with a row of each of 25 metrics; returns the heap after all are gone. */
async function churn(running: Running, count: number, from: number): Promise<number> {
  const metrics = [...Object.values(MEMORY), ...Object.values(SPEC)].slice(0, 24);
  for (let i = 0; i < count; i += 100) {
    const subjects = Array.from({ length: 25 }, (_, j) => makePod(from + i + j * 4)).flat();
    running.known.push(...subjects.map(({ known }) => known));
    for (const seconds of [0, 12]) {
      await running.give(
        subjects.flatMap((each) => [
          cpu(each, 1 + seconds, seconds),
          ...metrics.map((metric) => each.point(metric, 1)),
        ]),
      );
    }
    const { stats } = await running.client.call('ListPodSandboxStats');
    expect(stats).toHaveLength(25);
    expect(stats[0]?.linux?.containers[0]?.cpu?.usage_nano_cores).toBe(1_000_000_000n);
    await running.client.call('ListPodSandboxMetrics');
    await running.give(subjects.flatMap((each) => each.end(NOW + 20_000)));
    running.known.length = 0;
    expect((await running.client.call('ListContainers')).containers).toEqual([]);
  }
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

function makePod(number: number): Subject[] {
  const digits = number.toString(16).padStart(8, '0');
  const pod = {
    uid: `${digits}-2222-3333-4444-555555555555`,
    name: `pod-${number}`,
    sandboxId: idOf(`f${digits}`),
  };
  const containers = ['a', 'b'].map((each) => makeContainer(pod, idOf(`${each}${digits}`), each));
  return [makeSlice(pod), makeContainer(pod, pod.sandboxId), ...containers];
}
