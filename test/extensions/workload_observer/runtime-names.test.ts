import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { Component } from '../../../src/component/component.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { workloadObserver } from '../../../src/extensions/workload_observer/factory.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { parseCgroupPath } from '../../../src/workload/cgroup-path.ts';
import type { WorkloadObserver } from '../../../src/workload/observer.ts';
import { type FakeRoot, makeRoot, writeContainerd } from '../../support/bundles.ts';
import {
  cgroupOfPod,
  handlersOf,
  IMAGE,
  makePod,
  nanosNow,
  type ToldPod,
  trueStats,
} from '../../support/cri/node.ts';
import { type CriDouble, startCriDouble } from '../../support/cri/server.ts';

const SOCKET = '/run/runtime.sock';
const KATA = 'io.containerd.kata.v2';
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Scene {
  readonly root: FakeRoot;
  readonly observer: WorkloadObserver & Component;
  readonly log: string[];
  own(name: string, labels?: Record<string, string>): number;
}

function setUp(yaml = `cri_socket: unix://${SOCKET}`): Scene {
  const root = makeRoot();
  root.write('run/.keep', '');
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const say = (message: string) => void log.push(message);
  const logger = { debug() {}, info: say, warn: say, error: say };
  const observer = workloadObserver.create(
    {
      id: parseComponentId('workload_observer', ''),
      telemetry: { logger, counter: metrics.counter, gauge: metrics.gauge },
      now: Date.now,
    },
    decode(workloadObserver.config, confOf(parseYaml(`root_path: ${root.path}\n${yaml}`, 'test'))),
  ) as WorkloadObserver & Component;
  stops.push(root.remove, () => observer.shutdown());
  const own: Scene['own'] = (name, labels = {}) => {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return metrics.values()[`${name}{${pairs.join(',')}}`] ?? 0;
  };
  return { root, observer, log, own };
}

async function startRuntime({ root }: Scene, pods: readonly ToldPod[]): Promise<CriDouble> {
  const double = await startCriDouble(`${root.path}${SOCKET}`, handlersOf(pods));
  stops.push(double.stop);
  return double;
}

const idOfApp = (pod: ToldPod) => pod.containers[0]?.id ?? '';
const appOf = (pod: ToldPod) => parseCgroupPath(`${cgroupOfPod(pod)}/${idOfApp(pod)}`);
const sandboxOf = (pod: ToldPod) => parseCgroupPath(`${cgroupOfPod(pod)}/${pod.id}`);
const bundleOf = (pod: ToldPod, image: string) => ({
  ...{ id: idOfApp(pod), podUid: pod.uid, pod: 'from-bundle', namespace: 'shop' },
  ...{ container: 'c', image, sandboxId: pod.id },
});

test('without a bundle the runtime tells all: names, runtime, limits and labels', async () => {
  const scene = setUp();
  const { observer } = scene;
  const pod = makePod('1', KATA);
  await startRuntime(scene, [pod]);
  const [app, sandbox, slice] = [appOf(pod), sandboxOf(pod), parseCgroupPath(cgroupOfPod(pod))];
  for (const each of [app, sandbox, slice]) observer.announce(each);
  // They wait for it, no longer than for their names.
  for (const each of [app, sandbox, slice]) expect(observer.identify(each)).toBeUndefined();
  await sleep(300);
  expect(observer.identify(app)).toMatchObject({
    labels: {
      ...{ container: 'app-1', image: IMAGE, name: idOfApp(pod) },
      ...{ namespace: 'team', pod: 'pod-1', id: app.id },
    },
    facts: { podUid: pod.uid, runtime: 'kata', sandboxId: pod.id, labels: { tier: 'app-1' } },
  });
  expect(observer.identify(app)?.facts?.resources.memoryLimitBytes).toBe(256 * 2 ** 20);
  expect(observer.identify(sandbox)).toMatchObject({
    labels: { container: '', image: 'registry.test/pause:3.9', pod: 'pod-1' },
    facts: { isSandbox: true, labels: { app: 'pod-1' } },
  });
  expect(observer.identify(slice)?.labels).toMatchObject({ pod: 'pod-1', namespace: 'team' });
  expect(scene.log).toEqual([]);
});

test('a bundle comes first and waits for nobody; labels come later', async () => {
  const scene = setUp();
  const { observer, root } = scene;
  const pod = makePod('1', KATA);
  await startRuntime(scene, [pod]);
  writeContainerd(root, bundleOf(pod, 'own:1'));
  observer.announce(appOf(pod));
  const identity = observer.identify(appOf(pod));
  expect(identity?.labels).toMatchObject({ pod: 'from-bundle', namespace: 'shop', image: 'own:1' });
  expect(identity?.facts?.labels).toBeUndefined();
  await sleep(300);
  expect(observer.identify(appOf(pod))).toBe(identity);
  expect(identity?.facts?.labels).toEqual({ tier: 'app-1' });
});

test('what a bundle leaves open is the runtime’s to tell, such as an image', async () => {
  const scene = setUp();
  const { observer, root } = scene;
  const pod = makePod('1', KATA);
  await startRuntime(scene, [pod]);
  writeContainerd(root, bundleOf(pod, ''));
  observer.announce(appOf(pod));
  expect(observer.identify(appOf(pod))).toBeUndefined();
  await sleep(300);
  expect(observer.identify(appOf(pod))?.labels).toMatchObject({ pod: 'from-bundle', image: IMAGE });
});

test('of a container of another pod, or a cgroup inside a container, nothing is told', async () => {
  const scene = setUp();
  const { observer } = scene;
  const [pod, other] = [makePod('1', KATA), makePod('2', KATA)];
  await startRuntime(scene, [pod, other]);
  const stolen = parseCgroupPath(`${cgroupOfPod(other)}/${idOfApp(pod)}`);
  const inside = parseCgroupPath(`${appOf(pod).id}/kubepods/pod${pod.uid}/${idOfApp(pod)}`);
  expect(inside.kind).toBe('container');
  for (const each of [stolen, inside]) observer.announce(each);
  await sleep(300);
  for (const each of [stolen, inside]) {
    expect(observer.identify(each)?.labels.pod ?? '').toBe('');
  }
  expect(scene.log.join()).toContain('What the runtime tells of a container is not taken');
});

test.each(['absent', 'hung', 'no socket'])(
  'a runtime that is %s is said once, and holds nobody up',
  async (state) => {
    const scene = setUp();
    const { observer, root, log } = scene;
    const pod = makePod('1', KATA);
    if (state === 'hung') (await startRuntime(scene, [pod])).isHung = true;
    if (state === 'no socket') root.write(SOCKET.slice(1), 'x');
    writeContainerd(root, bundleOf(pod, 'own:1'));
    const other = makePod('2', KATA);
    for (const each of [appOf(pod), appOf(other)]) observer.announce(each);
    expect(observer.identify(appOf(pod))?.labels.pod).toBe('from-bundle');
    await sleep(1_800);
    const third = makePod('3', KATA);
    writeContainerd(root, bundleOf(third, ''));
    observer.announce(appOf(third));
    expect(observer.identify(appOf(third))?.labels.pod).toBe('from-bundle');
    await sleep(400);
    // Withheld, as without a runtime.
    expect(observer.identify(appOf(other))).toBeUndefined();
    expect(log.filter((line) => /container runtime/i.test(line))).toHaveLength(1);
    const states = state === 'absent' ? 'absent' : 'failing';
    const labels = { source: 'workload_observer', state: states };
    expect(scene.own('sandgauge_source_state', labels)).toBe(1);
  },
);

test('a runtime that comes later names what was withheld', async () => {
  const scene = setUp();
  const { observer, log } = scene;
  const pod = makePod('1', KATA);
  observer.announce(appOf(pod));
  await sleep(300);
  // No bundles, no runtime: the path is all that is known, for good.
  expect(observer.identify(appOf(pod))?.labels.pod).toBe('');
  const other = makePod('2', KATA);
  observer.announce(appOf(other));
  await startRuntime(scene, [pod, other]);
  await sleep(5_300);
  expect(observer.identify(appOf(other))?.labels.pod).toBe('pod-2');
  expect(log.at(-1)).toBe('The container runtime is there');
}, 15_000);

test('a runtime is asked nothing while all is known, and keeps nothing of what is gone', async () => {
  const scene = setUp();
  const { observer } = scene;
  const pods = Array.from({ length: 300 }, (_, i) => makePod(i.toString(16), KATA));
  const double = await startRuntime(scene, pods);
  for (const pod of pods) observer.announce(appOf(pod));
  await sleep(1_500);
  expect(pods.filter((pod) => observer.identify(appOf(pod)) === undefined)).toEqual([]);
  const asked = double.calls.get('ListContainers') ?? 0;
  expect(asked).toBeLessThan(4);
  expect(double.calls.get('ContainerStatus')).toBe(300);
  await sleep(5_500);
  expect(double.calls.get('ListContainers')).toBe(asked);
  for (const pod of pods) observer.withdraw(appOf(pod));
  expect([...observer.known()]).toEqual([]);
}, 20_000);

test('a writable layer is the runtime’s to tell, and its failure is nobody’s', async () => {
  const scene = setUp();
  const { observer } = scene;
  const pod = makePod('1', KATA);
  const double = await startRuntime(scene, [pod]);
  const layer = { timestamp: nanosNow(), used_bytes: 8192n, inodes_used: 4n };
  const app = pod.containers[0] as ToldPod['containers'][number];
  app.stats = trueStats({ writable_layer: { ...layer, fs_id: { mountpoint: '/run' } } });
  expect(await observer.writtenLayer?.(idOfApp(pod))).toMatchObject({
    ...{ bytes: 8192, inodes: 4, time: Number(layer.timestamp / 1_000_000n) },
    limitBytes: expect.any(Number),
  });
  app.stats = trueStats({ writable_layer: { timestamp: 0n, used_bytes: 1n, inodes_used: 1n } });
  expect(await observer.writtenLayer?.(idOfApp(pod))).toBeUndefined();
  expect(await observer.writtenLayer?.('0'.repeat(64))).toBeUndefined();
  double.stop();
  expect(await observer.writtenLayer?.(idOfApp(pod))).toBeUndefined();
});

test('the option must be a path of a socket', () => {
  expect(() => setUp('cri_socket: tcp://localhost:1')).toThrow(
    /cri_socket.*no path of a unix socket/,
  );
});
