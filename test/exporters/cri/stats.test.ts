import { afterEach, describe, expect, test } from 'vitest';
import { CPU } from '../../../src/catalog/cpu.ts';
import { DERIVED } from '../../../src/catalog/derived.ts';
import { DISK } from '../../../src/catalog/disk.ts';
import { LIFETIME } from '../../../src/catalog/lifetime.ts';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { NETWORK } from '../../../src/catalog/network.ts';
import { PROCESS } from '../../../src/catalog/process.ts';
import { SPEC } from '../../../src/catalog/spec.ts';
import { idOf, makeContainer, makeSlice, NOW, runCri, stopAll } from './running.ts';
import { POD, runScene, TOTAL } from './scene.ts';

afterEach(stopAll);

const NANOS = BigInt(NOW) * 1_000_000n;

describe('what is told of a container', () => {
  test('each part, with the time of its own rows', async () => {
    const { running, app } = await runScene();
    await running.give([
      app.point(CPU.container_cpu_usage_seconds_total, 123.456_789_012, NOW + 1, TOTAL),
      app.point(MEMORY.container_memory_working_set_bytes, 3000, NOW + 2),
      app.point(MEMORY.container_memory_usage_bytes, 5000, NOW + 2),
      app.point(MEMORY.container_memory_rss, 2000, NOW + 2),
      app.point(MEMORY.container_memory_swap, 0, NOW + 3),
      ...(['pgfault', 'pgmajfault'] as const).flatMap((failure_type, i) =>
        ['container', 'hierarchy'].map((scope, j) =>
          app.point(MEMORY.container_memory_failures_total, 10 * i + j, NOW, {
            failure_type,
            scope,
          }),
        ),
      ),
      app.point(SPEC.container_spec_memory_limit_bytes, 10_000),
      app.point(DISK.container_fs_usage_bytes, 700, NOW - 30_000, { device: '/dev/sda' }),
      app.point(DISK.container_fs_inodes_total, 7, NOW - 30_000, { device: '/dev/sda' }),
    ]);
    const { stats } = await running.client.call('ContainerStats', { container_id: app.id });
    expect(stats).toEqual({
      attributes: {
        id: app.id,
        metadata: { name: 'app', attempt: 0 },
        labels: { app: 'web', tier: 'front' },
        annotations: {},
      },
      cpu: {
        timestamp: NANOS + 1_000_000n,
        usage_core_nano_seconds: 123_456_789_012n,
        usage_nano_cores: undefined,
        psi: undefined,
      },
      memory: {
        timestamp: NANOS + 2_000_000n,
        working_set_bytes: 3000n,
        available_bytes: 7000n,
        usage_bytes: 5000n,
        rss_bytes: 2000n,
        page_faults: 1n,
        major_page_faults: 11n,
        psi: undefined,
      },
      swap: {
        timestamp: NANOS + 3_000_000n,
        swap_available_bytes: undefined,
        swap_usage_bytes: 0n,
      },
      writable_layer: {
        timestamp: NANOS - 30_000_000_000n,
        fs_id: { mountpoint: '/r' },
        used_bytes: 700n,
        inodes_used: 7n,
      },
      io: undefined,
    });
  });

  test('what has no rows is absent, never 0', async () => {
    const { running, side } = await runScene();
    const { stats } = await running.client.call('ContainerStats', { container_id: side.id });
    expect(stats?.memory).toBeUndefined();
    expect(stats?.swap).toBeUndefined();
    expect(stats?.writable_layer).toBeUndefined();
    await running.give([side.point(MEMORY.container_memory_usage_bytes, 5)]);
    const { stats: more } = await running.client.call('ContainerStats', { container_id: side.id });
    expect(more?.memory).toMatchObject({ usage_bytes: 5n, timestamp: NANOS });
    expect(more?.memory?.working_set_bytes).toBeUndefined();
    expect(more?.memory?.available_bytes).toBeUndefined();
    expect(more?.memory?.page_faults).toBeUndefined();
  });

  test('cores: from the counter after 10 s, else the row that tells them', async () => {
    const { running, app } = await runScene();
    const cores = async () =>
      (await running.client.call('ContainerStats', { container_id: app.id })).stats?.cpu
        ?.usage_nano_cores;
    expect(await cores()).toBeUndefined();
    await running.give([app.point(CPU.container_cpu_usage_seconds_total, 6, NOW + 20_000, TOTAL)]);
    expect(await cores()).toBe(250_000_000n);
    await running.give([app.point(DERIVED.container_cpu_usage_cores, 0.125)]);
    expect(await cores()).toBe(125_000_000n);
  });
});

describe('what is told of a pod', () => {
  test('its own cgroup, its network, its processes and its containers', async () => {
    const { running, slice, pause, app, side } = await runScene();
    const eth = (name: string, value: number) =>
      pause.point(NETWORK.container_network_receive_bytes_total, value, NOW + 4, {
        interface: name,
      });
    await running.give([
      slice.point(CPU.container_cpu_usage_seconds_total, 9, NOW, TOTAL),
      slice.point(MEMORY.container_memory_working_set_bytes, 900),
      pause.point(MEMORY.container_memory_working_set_bytes, 1),
      eth('eth0', 50),
      pause.point(NETWORK.container_network_transmit_errors_total, 2, NOW, { interface: 'eth0' }),
      ...[pause, app].map((each) => each.point(PROCESS.container_processes, 2)),
    ]);
    const ask = async () =>
      (await running.client.call('PodSandboxStats', { pod_sandbox_id: POD.sandboxId })).stats;
    const stats = await ask();
    expect(stats?.attributes).toEqual({
      id: POD.sandboxId,
      metadata: { name: 'web', uid: POD.uid, namespace: 'team', attempt: 0 },
      labels: {
        'io.kubernetes.pod.name': 'web',
        'io.kubernetes.pod.namespace': 'team',
        'io.kubernetes.pod.uid': POD.uid,
      },
      annotations: {},
    });
    expect(stats?.linux?.cpu?.usage_core_nano_seconds).toBe(9_000_000_000n);
    expect(stats?.linux?.memory?.working_set_bytes).toBe(900n);
    expect(stats?.linux?.network).toEqual({
      timestamp: NANOS + 4_000_000n,
      default_interface: {
        name: 'eth0',
        rx_bytes: 50n,
        rx_errors: undefined,
        tx_bytes: undefined,
        tx_errors: 2n,
      },
      interfaces: [],
    });
    expect(stats?.linux?.containers.map((each) => each.attributes?.id)).toEqual([app.id, side.id]);
    // One of the containers did not tell its own: the sum would be too small.
    expect(stats?.linux?.process).toBeUndefined();
    await running.give([side.point(PROCESS.container_processes, 3, NOW - 5)]);
    expect((await ask())?.linux?.process).toEqual({
      timestamp: NANOS - 5_000_000n,
      process_count: 7n,
    });
    // Of two interfaces none is the default one where no route can be read.
    await running.give([eth('net1', 1)]);
    const { network } = (await ask())?.linux ?? {};
    expect(network?.default_interface).toBeUndefined();
    expect(network?.interfaces.map(({ name }) => name)).toEqual(['eth0', 'net1']);
  });

  test('a pod whose engine runs no pause container is there by its containers', async () => {
    const running = await runCri();
    const app = makeContainer(POD, idOf('01'), 'app');
    const slice = makeSlice(POD);
    running.known.push(app.known, slice.known);
    await running.give([app, slice].map((each) => each.point(MEMORY.container_memory_rss, 5)));
    const { stats } = await running.client.call('ListPodSandboxStats');
    expect(stats.map((each) => each.attributes?.id)).toEqual([POD.sandboxId]);
    expect(stats[0]?.linux?.memory?.rss_bytes).toBe(5n);
    expect(stats[0]?.linux?.network).toBeUndefined();
  });

  test('of two sandboxes of one pod the newer has the pod’s figures', async () => {
    const running = await runCri();
    const slice = makeSlice(POD);
    const pauses = ['f0', 'f1'].map((digits) =>
      makeContainer({ ...POD, sandboxId: idOf(digits) }, idOf(digits)),
    );
    running.known.push(slice.known, ...pauses.map(({ known }) => known));
    await running.give([
      slice.point(MEMORY.container_memory_rss, 5),
      ...pauses.map((each, i) => each.point(LIFETIME.container_start_time_seconds, 1000 + i)),
    ]);
    const { stats } = await running.client.call('ListPodSandboxStats');
    const told = stats.map((each) => [each.attributes?.id, each.linux?.memory?.rss_bytes]);
    expect(new Map(told as [string, bigint][])).toEqual(
      new Map([
        [idOf('f0'), undefined],
        [idOf('f1'), 5n],
      ]),
    );
  });
});
