import { chmodSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import { handlersOf, idOf, makePod, type ToldPod, trueStats } from '../../support/cri/node.ts';
import { isMissing } from '../../support/peers.ts';
import { byContainer, makeFolder, runCri, startDouble, startReceiver, stopAll } from './running.ts';

afterEach(async () => {
  // That of the test again, which need not be root.
  process.seteuid?.(process.getuid?.() ?? 0);
  await stopAll();
});

const KATA = 'io.containerd.kata.v2';
const CPU = 'container_cpu_usage_seconds_total';
const NOBODY = 65_534;
const SOURCE = { source: 'cri' };
const isNotRoot = isMissing('a socket that may not be used', { root: process.getuid?.() === 0 });

test('a socket that is absent at the start is said once, and the runtime read when it is there', async () => {
  const folder = makeFolder();
  const observed = await startReceiver(folder);
  for (let round = 0; round < 3; round++) expect(await observed.read()).toEqual([]);
  expect(observed.log).toHaveLength(1);
  expect(observed.log[0]).toMatch(/^warn: No container runtime is there \(.*runtime\.sock\)/);
  expect(observed.own('sandgauge_source_failures', SOURCE)).toBe(0);
  expect(observed.own('sandgauge_source_state', { ...SOURCE, state: 'absent' })).toBe(1);
  await startDouble(folder, [makePod('1', KATA)]);
  await sleep(1100);
  expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-1': 1.5 });
  expect(observed.log.slice(1)).toEqual([expect.stringMatching(/^info: The runtime is there/)]);
});

test.skipIf(isNotRoot)('a socket that may not be used: denied, said once', async () => {
  const folder = makeFolder();
  chmodSync(folder.path, 0o755);
  await startDouble(folder, [makePod('1', KATA)]);
  process.seteuid?.(NOBODY);
  const observed = await startReceiver(folder);
  for (let round = 0; round < 2; round++) expect(await observed.read()).toEqual([]);
  expect(observed.own('sandgauge_source_state', { ...SOURCE, state: 'denied' })).toBe(1);
  expect(observed.log).toEqual(['warn: Source cannot be read']);
  process.seteuid?.(0);
  await sleep(1100);
  expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-1': 1.5 });
});

test('a path that is no socket is a trouble, and not the end', async () => {
  const folder = makeFolder();
  writeFileSync(folder.socket, 'hello');
  const observed = await startReceiver(folder);
  expect(await observed.read()).toEqual([]);
  expect(observed.own('sandgauge_source_state', { ...SOURCE, state: 'failing' })).toBe(1);
});

test('a runtime that hangs costs one wait, and then none until its next try', async () => {
  const { double, observed } = await runCri([makePod('1', KATA)], 'runtime_timeout: 1s');
  expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-1': 1.5 });
  double.isHung = true;
  const started = performance.now();
  expect(await observed.read()).toEqual([]);
  expect(performance.now() - started).toBeGreaterThan(900);
  const again = performance.now();
  for (let round = 0; round < 5; round++) expect(await observed.read()).toEqual([]);
  expect(performance.now() - again).toBeLessThan(900);
  expect(observed.log).toEqual(['warn: Source cannot be read']);
  double.isHung = false;
  await sleep(1100);
  expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-1': 1.5 });
  expect(observed.log[1]).toBe('info: Source can be read again');
});

test('a runtime that restarts: its rows are absent meanwhile, and go on after', async () => {
  const folder = makeFolder();
  const pods = [makePod('1', KATA)];
  const double = await startDouble(folder, pods);
  const observed = await startReceiver(folder);
  await observed.read();
  double.stop();
  expect(await observed.read()).toEqual([]);
  await startDouble(folder, pods);
  await sleep(1500);
  expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-1': 1.5 });
  expect(observed.own('sandgauge_source_dropped_points', SOURCE)).toBe(0);
});

describe('answers', () => {
  test('of more than 16 MiB are refused, with advice for nobody but the log', async () => {
    const { double, observed } = await runCri([makePod('1', KATA)]);
    const huge = Buffer.alloc(17 * 2 ** 20, 10);
    double.handlers.ListContainers = () => huge;
    expect(await observed.read()).toEqual([]);
    expect(observed.log).toEqual(['warn: Source cannot be read']);
  });

  test('that are no protobuf are refused', async () => {
    const { double, observed } = await runCri([makePod('1', KATA)]);
    double.handlers.ListContainers = () => Buffer.from([10, 200, 1]);
    expect(await observed.read()).toEqual([]);
    expect(observed.own('sandgauge_source_state', { ...SOURCE, state: 'failing' })).toBe(1);
  });

  test('a list that fails for one container: the others are asked for one by one', async () => {
    const pods = ['1', '2', '3'].map((digits) => makePod(digits, KATA));
    const { double, observed } = await runCri(pods);
    const { ContainerStats: one } = double.handlers;
    double.handlers.ListContainerStats = () => {
      throw { code: 2, details: 'failed to decode metrics' };
    };
    double.handlers.ContainerStats = (request) => {
      if (request.container_id === pods[1]?.containers[0]?.id) throw { code: 2, details: 'bad' };
      return (one as NonNullable<typeof one>)(request);
    };
    expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-1': 1.5, 'app-3': 1.5 });
    expect(observed.log).toEqual(['warn: Part of the source cannot be read']);
  });

  test('a runtime without stats of pods still tells those of containers', async () => {
    const { double, observed } = await runCri([makePod('1', KATA)]);
    delete double.handlers.ListPodSandboxStats;
    delete double.handlers.PodSandboxStats;
    expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-1': 1.5 });
  });

  test('an unknown method is not asked for again', async () => {
    const { double, observed } = await runCri([makePod('1', KATA)]);
    for (let round = 0; round < 5; round++) await observed.read();
    expect(double.calls.get('ListMetricDescriptors')).toBe(1);
    expect(double.calls.get('ContainerStatus')).toBe(1);
  });

  test('a container that goes between two calls leaves the others', async () => {
    const pods = [makePod('1', KATA), makePod('2', KATA)];
    const { double, observed } = await runCri(pods);
    const all = handlersOf(pods);
    await observed.read();
    const gone = pods.pop() as ToldPod;
    Object.assign(double.handlers, { ListContainers: all.ListContainers });
    double.handlers.ListContainerStats = () => ({
      stats: [{ attributes: { id: gone.containers[0]?.id }, ...trueStats() }],
    });
    expect(byContainer(await observed.read(), CPU)).toEqual({});
    Object.assign(double.handlers, handlersOf(pods));
    expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-1': 1.5 });
  });
});

describe('ids and labels that a tenant or nobody should have made', () => {
  test.each(['../../etc', 'a b', '', 'x'.repeat(77), 'a\u0000b', '-rf'])(
    'the id %j is no container',
    async (id) => {
      const pods = [makePod('1', KATA), makePod('2', KATA)];
      Object.assign(pods[1]?.containers[0] as object, { id });
      const { double, observed } = await runCri(pods);
      expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-1': 1.5 });
      expect(double.calls.get('ContainerStatus')).toBe(1);
    },
  );

  test('labels of any kind change no row of another', async () => {
    const pods = [makePod('1', KATA), makePod('2', KATA)];
    Object.assign(pods[1]?.containers[0] as object, {
      name: 'x"}\n# HELP evil\\',
      labels: { __proto__: 'x', 'io.kubernetes.pod.name': 'pod-1', big: 'y'.repeat(100_000) },
    });
    const { observed } = await runCri(pods);
    const rows = await observed.read();
    expect(byContainer(rows, CPU)['app-1']).toBe(1.5);
    expect(rows.filter(({ metric }) => metric === CPU)).toHaveLength(4);
    expect(
      rows.filter(({ labels }) => labels.container === 'app-1' && labels.pod !== 'pod-1'),
    ).toEqual([]);
  });

  test('a container whose config names the cgroup of another has no rows', async () => {
    const pods = [makePod('1', KATA), makePod('2', KATA)];
    const { double, observed } = await runCri(pods);
    const all = handlersOf(pods);
    const container_id = pods[0]?.containers[0]?.id ?? '';
    double.handlers.ContainerStatus = (request) =>
      (all.ContainerStatus as NonNullable<typeof all.ContainerStatus>)({
        ...request,
        container_id,
      });
    expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-1': 1.5 });
    expect(observed.own('duplicates')).toBe(0);
  });

  test('a status that is no JSON, or deep beyond measure, tells no runtime: no rows', async () => {
    const pods = [makePod('1', KATA), makePod('2', KATA)];
    const { double, observed } = await runCri(pods);
    const all = handlersOf(pods);
    double.handlers.ContainerStatus = (request) =>
      request.container_id === pods[0]?.containers[0]?.id
        ? { info: { info: `{"runtimeSpec":${'['.repeat(200_000)}` } }
        : (all.ContainerStatus as NonNullable<typeof all.ContainerStatus>)(request);
    expect(byContainer(await observed.read(), CPU)).toEqual({ 'app-2': 1.5 });
  });
});

test('the receiver needs a path of a socket', async () => {
  const folder = makeFolder();
  await expect(startReceiver({ ...folder, socket: `${folder.path}tcp://x` })).rejects.toThrow(
    /cri_socket: "tcp:\/\/x" is no path of a unix socket/,
  );
  const long = `${folder.path}/${'x'.repeat(120)}`;
  await expect(startReceiver({ ...folder, socket: long })).rejects.toThrow(/more than 107 bytes/);
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

test('10,000 short-lived containers leave nothing behind', async () => {
  const PODS = 10;
  const EACH = 50;
  const pods: ToldPod[] = [];
  const { observed } = await runCri(pods, 'runtime_timeout: 1m');
  async function heapAfter(count: number, first: number): Promise<number> {
    for (let i = first; i < first + count; i += PODS * EACH) {
      pods.push(...Array.from({ length: PODS }, (_, p) => podOf(i + p * EACH)));
      expect(Object.keys(byContainer(await observed.read(), CPU))).toHaveLength(PODS * EACH);
      pods.length = 0;
      expect(await observed.read()).toEqual([]);
    }
    collectGarbage();
    return process.memoryUsage().heapUsed;
  }
  function podOf(first: number): ToldPod {
    const hex = (i: number) => i.toString(16).padStart(8, '0');
    const pod = makePod(hex(first), KATA);
    const [app] = pod.containers;
    const others = Array.from({ length: EACH - 1 }, (_, i) => hex(first + i + 1));
    pod.containers.push(
      ...others.map((digits) => ({
        ...(app as NonNullable<typeof app>),
        ...{ id: idOf(digits), name: `app-${digits}` },
      })),
    );
    return pod;
  }
  const before = await heapAfter(2_000, 1);
  const after = await heapAfter(8_000, 10_001);
  // A container that is kept has several kB.
  expect(after - before).toBeLessThan(8_000 * 300);
}, 180_000);
