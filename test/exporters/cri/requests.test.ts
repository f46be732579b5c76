import { afterEach, describe, expect, test } from 'vitest';
import { CPU } from '../../../src/catalog/cpu.ts';
import { DERIVED } from '../../../src/catalog/derived.ts';
import { LIFETIME } from '../../../src/catalog/lifetime.ts';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { NETWORK } from '../../../src/catalog/network.ts';
import type { Point } from '../../../src/pdata/point.ts';
import { idOf, makeContainer, NOW, type Running, runCri, START, stopAll } from './running.ts';
import { OTHER, POD, runScene, TOTAL } from './scene.ts';

afterEach(stopAll);

const NANOS = BigInt(NOW) * 1_000_000n;

const idsOf = async ({ client }: Running, filter: object) =>
  (await client.call('ListContainerStats', { filter })).stats.map(
    (each) => each.attributes?.metadata?.name,
  );

describe('who is asked for', () => {
  test('filters by id, its beginning, sandbox and labels: every part must fit', async () => {
    const { running, app } = await runScene();
    expect((await idsOf(running, {})).sort()).toEqual(['app', 'lonely', 'side', 'work']);
    expect(await idsOf(running, { id: app.id })).toEqual(['app']);
    expect(await idsOf(running, { id: 'b' })).toEqual(['work']);
    expect(await idsOf(running, { id: idOf('77') })).toEqual([]);
    expect(await idsOf(running, { pod_sandbox_id: POD.sandboxId })).toEqual(['app', 'side']);
    expect(await idsOf(running, { pod_sandbox_id: POD.sandboxId, id: 'b' })).toEqual([]);
    expect(await idsOf(running, { label_selector: { app: 'web' } })).toEqual(['app', 'work']);
    expect(await idsOf(running, { label_selector: { app: 'web', tier: 'front' } })).toEqual([
      'app',
    ]);
    expect(await idsOf(running, { label_selector: { app: '' } })).toEqual([]);
    expect(
      await idsOf(running, { label_selector: { 'io.kubernetes.container.name': 'side' } }),
    ).toEqual(['side']);
    const pods = await running.client.call('ListPodSandboxStats', {
      filter: { id: idOf('e').slice(0, 40) },
    });
    expect(pods.stats).toHaveLength(2);
    const { stats } = await running.client.call('ListPodSandboxStats', {
      filter: { label_selector: { 'io.kubernetes.pod.name': 'job' } },
    });
    expect(stats.map((each) => each.attributes?.id)).toEqual([OTHER.sandboxId]);
  });

  test('one by the beginning of its id; several, none and no id are refused with a reason', async () => {
    const { running, work } = await runScene();
    const ask = (container_id: string) => running.client.call('ContainerStats', { container_id });
    expect((await ask(work.id.slice(0, 5))).stats?.attributes?.id).toBe(work.id);
    await expect(ask('aaaa')).rejects.toMatchObject({
      code: 3,
      details: expect.stringMatching(/ids of 2: give more/),
    });
    await expect(ask('0000')).rejects.toMatchObject({
      code: 5,
      details: expect.stringMatching(/no running container/),
    });
    await expect(ask('')).rejects.toMatchObject({
      code: 3,
      details: expect.stringMatching(/id of a container is required/),
    });
    // A pause container is a pod's, not one of its own.
    await expect(ask(POD.sandboxId)).rejects.toMatchObject({ code: 5 });
    await expect(
      running.client.call('PodSandboxStats', { pod_sandbox_id: 'ffff' }),
    ).rejects.toMatchObject({ code: 5, details: 'no running pod sandbox has the id "ffff"' });
  });

  test('lists of what runs, and of nothing else', async () => {
    const { running, app } = await runScene();
    await running.give([app.point(LIFETIME.container_start_time_seconds, START / 1000)]);
    const ask = async (filter: object) =>
      (await running.client.call('ListContainers', { filter })).containers;
    expect(await ask({ id: app.id })).toEqual([
      {
        id: app.id,
        pod_sandbox_id: POD.sandboxId,
        metadata: { name: 'app', attempt: 0 },
        image: { image: 'registry.test/tools:1', user_specified_image: '' },
        image_ref: 'registry.test/tools:1',
        state: 1,
        created_at: BigInt(START) * 1_000_000n,
        labels: { app: 'web', tier: 'front' },
        annotations: {},
      },
    ]);
    expect(await ask({ state: { state: 1 } })).toHaveLength(4);
    for (const state of [0, 2, 3]) expect(await ask({ state: { state } })).toEqual([]);
    const pods = (filter: object) => running.client.call('ListPodSandbox', { filter });
    expect(
      (await pods({ state: { state: 0 } })).items.map(({ metadata }) => metadata?.name).sort(),
    ).toEqual(['job', 'web']);
    expect((await pods({ state: { state: 1 } })).items).toEqual([]);
  });

  test('a container of a pod of which nothing is known is in no list', async () => {
    const running = await runCri();
    const app = makeContainer(POD, idOf('01'), 'app');
    await running.give([app.point(MEMORY.container_memory_rss, 5)]);
    expect(await idsOf(running, {})).toEqual([]);
    running.known.push(app.known);
    expect(await idsOf(running, {})).toEqual(['app']);
  });
});

describe('metrics of pods', () => {
  test('the labels of text, in the order of the descriptors', async () => {
    const { running, slice, app, pause } = await runScene();
    const labels = { failure_type: 'pgfault', scope: 'hierarchy' };
    await running.give([
      slice.point(MEMORY.container_memory_rss, 77),
      app.point(MEMORY.container_memory_failures_total, 12, NOW, labels),
      app.point(CPU.container_cpu_usage_seconds_total, 2.9, NOW, TOTAL),
      app.point(DERIVED.container_cpu_usage_cores, 0.5),
      app.point(LIFETIME.container_start_time_seconds, START / 1000),
      pause.point(NETWORK.container_network_receive_bytes_total, 5, NOW, { interface: 'eth0' }),
    ]);
    const { descriptors } = await running.client.call('ListMetricDescriptors');
    const keys = new Map(descriptors.map(({ name, label_keys }) => [name, label_keys]));
    expect(keys.get('container_memory_failures_total')).toEqual([
      ...['container', 'id', 'image', 'name', 'namespace', 'pod', 'failure_type', 'scope'],
    ]);
    const { pod_metrics } = await running.client.call('ListPodSandboxMetrics');
    const web = pod_metrics.find(({ pod_sandbox_id }) => pod_sandbox_id === POD.sandboxId);
    const told = web?.container_metrics.find(
      ({ container_id }) => container_id === app.id,
    )?.metrics;
    const faults = told?.find(({ name }) => name === 'container_memory_failures_total');
    expect(faults).toEqual({
      name: 'container_memory_failures_total',
      timestamp: NANOS,
      metric_type: 0,
      label_values: [
        ...['app', app.cgroup, 'registry.test/tools:1', app.id, 'team', 'web'],
        ...['pgfault', 'hierarchy'],
      ],
      value: 12n,
    });
    // Whole seconds are all that the standard has: cut, so that a counter is never ahead of itself.
    expect(told?.find(({ name }) => name === 'container_cpu_usage_seconds_total')?.value).toBe(2n);
    expect(told?.find(({ name }) => name === 'container_start_time_seconds')).toMatchObject({
      ...{ timestamp: 0n, metric_type: 1, value: BigInt(START / 1000) },
    });
    // Half a core would be no core.
    expect(told?.some(({ name }) => name === 'container_cpu_usage_cores')).toBe(false);
    expect(keys.has('container_cpu_usage_cores')).toBe(false);
    expect(web?.metrics.map(({ name, value }) => [name, value])).toEqual([
      ['container_cpu_usage_seconds_total', 1n],
      ['container_memory_rss', 77n],
      ['container_cpu_usage_seconds_total', 1n],
      ['container_network_receive_bytes_total', 5n],
    ]);
  });

  test('descriptors are there before the rows, and a new label comes at the end', async () => {
    const running = await runCri();
    const keysOf = async (wanted: string) =>
      (await running.client.call('ListMetricDescriptors')).descriptors.find(
        ({ name }) => name === wanted,
      )?.label_keys;
    const before = await keysOf('container_memory_rss');
    expect(before).toHaveLength(6);
    const app = makeContainer(POD, idOf('01'), 'app');
    await running.give([app.point(MEMORY.container_memory_rss, 1, NOW, { a_new_one: 'x' })]);
    expect(await keysOf('container_memory_rss')).toEqual([...(before ?? []), 'a_new_one']);
  });

  test('an answer above max_message_size is refused with advice, smaller ones are served', async () => {
    const { running, app } = await runScene('max_message_size: 1024');
    const points: Point[] = Object.values(MEMORY).map((metric) => app.point(metric, 1));
    await running.give(points);
    await expect(running.client.call('ListPodSandboxMetrics')).rejects.toMatchObject({
      ...{
        code: 8,
        details: expect.stringMatching(/more than max_message_size \(1024 bytes\): ask for fewer/),
      },
    });
    expect(await idsOf(running, { id: app.id })).toEqual(['app']);
  });
});

describe('who answers', () => {
  test('its version, and that it is no runtime', async () => {
    const { client } = await runCri();
    expect(await client.call('Version')).toEqual({
      version: '0.1.0',
      runtime_name: 'sandgauge',
      runtime_version: '1.2.3',
      runtime_api_version: 'v1',
    });
    const { status } = await client.call('Status', { verbose: true });
    expect(status?.conditions.map(({ type, status: is }) => [type, is])).toEqual([
      ['RuntimeReady', false],
      ['NetworkReady', false],
    ]);
  });

  test.each([
    'RuntimeService/RunPodSandbox',
    'RuntimeService/StopContainer',
    'RuntimeService/ContainerStatus',
    'RuntimeService/StreamContainers',
    'ImageService/ListImages',
  ])('%s is UNIMPLEMENTED', async (method) => {
    const { client } = await runCri();
    await expect(client.raw(`/runtime.v1.${method}`)).rejects.toMatchObject({
      ...{ code: 12, details: expect.stringContaining(method) },
    });
  });

  test('a request that is no protobuf, or far too large, is refused and harms nobody', async () => {
    const { client } = await runCri();
    const path = '/runtime.v1.RuntimeService/ContainerStats';
    await expect(client.raw(path, Buffer.from([0x0a, 0xff]))).rejects.toMatchObject({
      ...{ code: 3, details: expect.stringMatching(/not a ContainerStatsRequest of the CRI/) },
    });
    await expect(client.raw(path, Buffer.alloc(100_000))).rejects.toMatchObject({ code: 8 });
    expect((await client.call('Version')).runtime_name).toBe('sandgauge');
  });
});
