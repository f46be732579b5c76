import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Agent, startAgent } from '../support/agent.ts';
import { makeCgroup, type TestCgroup, v1Mounts } from '../support/cgroup-v1.ts';
import { type Containerd, IMAGES, startContainerd } from '../support/containerd/containerd.ts';
import { type Pod, runPod } from '../support/containerd/pod.ts';
import { makeNetwork, type TestNetwork } from '../support/network.ts';
import { pointsOf, type SentPoint } from '../support/otlp/points.ts';
import { type OtlpServer, startGrpcServer } from '../support/otlp/server.ts';
import { findPeer, isMissing } from '../support/peers.ts';
import { type RunscPod, runRunscPod } from '../support/runsc/sandbox.ts';
import { faultsOf, faultsOfAttribute } from '../support/semconv.ts';

const isSkipped = isMissing('semantic conventions of real workloads', {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
  containerd: findPeer('containerd'),
  runc: findPeer('runc'),
  runsc: findPeer('runsc'),
  ip: findPeer('ip'),
  busybox: findPeer('busybox'),
});

const BURN = ['/bin/awk', 'BEGIN{while(1) i++}'];
const LIMIT = 256 * 2 ** 20;
const IN_TEAM = { 'k8s.namespace.name': 'team' };

describe.skipIf(isSkipped)('a runc pod, a runsc pod and a bare cgroup', () => {
  const servers = new Map<string, OtlpServer>();
  let containerd: Containerd;
  let network: TestNetwork;
  let runc: Pod;
  let runsc: RunscPod;
  let bare: TestCgroup;
  let inBare: ChildProcess;
  let agent: Agent;

  beforeAll(async () => {
    containerd = await startContainerd({});
    runc = await runPod(containerd, 'web', {
      burner: {
        command: BURN,
        resources: { cpu_period: 100_000, cpu_quota: 50_000, memory_limit_in_bytes: LIMIT },
      },
    });
    network = makeNetwork('sc');
    runsc = await runRunscPod('gv', {
      networkNamespace: network.inside,
      containers: {
        burner: {
          command: BURN,
          resources: { cpu: { quota: 150_000, period: 100_000 }, memory: { limit: LIMIT } },
        },
      },
    });
    bare = makeCgroup('bare');
    inBare = bare.run(BURN.with(0, 'awk'));
    agent = await startAgent(['--config', `yaml:${JSON.stringify(await configOf())}`], false);
    const isComplete = () =>
      ['runc', 'runsc'].every((which) =>
        sent('strict').some(({ resource }) => resource['container.id'] === burner(which)),
      );
    await vi.waitUntil(isComplete, { timeout: 60_000, interval: 200 });
    await sleep(5000);
  }, 120_000);

  afterAll(async () => {
    await agent?.stop();
    for (const server of servers.values()) await server.stop();
    inBare?.kill('SIGKILL');
    await bare?.remove();
    await runsc?.stop();
    network?.remove();
    await runc?.remove();
    await containerd?.stop();
  }, 60_000);

  /** The same passes three times: as they were read, translated, and translated only. */
  async function configOf(): Promise<object> {
    const timing = { collection_interval: '1s', initial_delay: '0s' };
    const mine = `/sandgauge-${process.pid}-*`;
    const pipelines = { raw: [], kept: ['semconv'], strict: ['semconv/strict'] };
    const exporters: Record<string, object> = {};
    for (const name of Object.keys(pipelines)) {
      const server = await startGrpcServer();
      servers.set(name, server);
      exporters[`otlp_grpc/${name}`] = { endpoint: `http://127.0.0.1:${server.port}` };
    }
    return {
      extensions: {
        workload_observer: {
          containerd_state_directories: [containerd.state],
          sandbox_image: IMAGES.pause,
        },
      },
      receivers: {
        cgroup: { ...timing, raw_cgroups: 'all', include: ['/', mine, `${mine}/**`] },
        runsc: { ...timing, roots: [runsc.root] },
      },
      processors: { semconv: {}, 'semconv/strict': { unmapped: 'drop' } },
      exporters,
      service: {
        extensions: ['workload_observer'],
        pipelines: Object.fromEntries(
          Object.entries(pipelines).map(([name, processors]) => [
            `metrics/${name}`,
            { receivers: ['cgroup', 'runsc'], processors, exporters: [`otlp_grpc/${name}`] },
          ]),
        ),
      },
    };
  }

  const sent = (name: string) => servers.get(name)?.taken.flatMap(pointsOf) ?? [];
  const burner = (which: string) =>
    (which === 'runc' ? runc.containers.burner : runsc.ids.burner) ?? '';
  const ofContainer = (id: string) =>
    sent('strict').filter(({ resource }) => resource['container.id'] === id);
  const namesOf = (points: readonly SentPoint[]) =>
    [...new Set(points.map(({ name }) => name))].toSorted();

  test('names, units, types and keys are those of the registry', () => {
    const points = sent('strict');
    expect(points.length).toBeGreaterThan(50);
    for (const point of points) {
      const { name, valueType = '', attributes } = point;
      // The end of a series has no value.
      if (valueType !== '') expect(faultsOf({ ...point, name, valueType, attributes })).toEqual([]);
      expect(Object.entries(point.resource).flatMap(faultsOfAttribute)).toEqual([]);
    }
  });

  test.each(['runc', 'runsc'])('the container of %s is one resource', (which) => {
    const pod =
      which === 'runc'
        ? { 'k8s.pod.name': 'web', 'k8s.pod.uid': runc.uid }
        : { 'k8s.pod.name': 'gv', 'k8s.pod.uid': runsc.uid };
    for (const { resource } of ofContainer(burner(which))) {
      expect(resource).toEqual({
        ...IN_TEAM,
        ...pod,
        'host.name': expect.any(String),
        'container.id': burner(which),
        'container.image.name': IMAGES.tools.replace(/:[^:]*$/, ''),
        'k8s.container.name': 'burner',
      });
    }
    for (const name of ['strict', 'kept']) {
      for (const request of servers.get(name)?.taken ?? []) {
        const keys = request.resourceMetrics.map(({ resource }) => JSON.stringify(resource));
        expect(new Set(keys).size).toBe(keys.length);
      }
    }
  });

  test('the metrics of each workload', () => {
    const common = [
      ...['container.cpu.time', 'container.uptime', 'container.memory.usage'],
      ...['container.memory.working_set', 'container.memory.available'],
      ...['k8s.container.cpu.limit.current', 'k8s.container.memory.limit.current'],
    ];
    const byKernel = ['container.memory.rss', 'container.paging.faults'];
    expect(namesOf(ofContainer(burner('runc')))).toEqual(
      expect.arrayContaining([...common, ...byKernel]),
    );
    // gVisor tells none of those of the kernel.
    const inSandbox = namesOf(ofContainer(burner('runsc')));
    expect(inSandbox).toEqual(expect.arrayContaining(common));
    expect(inSandbox.filter((name) => byKernel.includes(name))).toEqual([]);
    for (const uid of [runc.uid, runsc.uid]) {
      const ofPod = sent('strict').filter(
        ({ resource }) => resource['k8s.pod.uid'] === uid && !('container.id' in resource),
      );
      expect(ofPod[0]?.resource).toEqual({
        ...IN_TEAM,
        'host.name': expect.any(String),
        'k8s.pod.name': uid === runc.uid ? 'web' : 'gv',
        'k8s.pod.uid': uid,
      });
      expect(namesOf(ofPod)).toEqual(
        expect.arrayContaining([
          ...['k8s.pod.cpu.time', 'k8s.pod.uptime', 'k8s.pod.memory.usage'],
          ...['k8s.pod.memory.working_set', 'k8s.pod.memory.rss', 'k8s.pod.network.io'],
        ]),
      );
      const directions = ofPod
        .filter(({ name }) => name === 'k8s.pod.network.io')
        .map(({ attributes }) => Object.values(attributes).toSorted().join());
      expect([...new Set(directions)].toSorted()).toEqual(['eth0,receive', 'eth0,transmit']);
      expect(namesOf(ofPod).filter((name) => !name.startsWith('k8s.pod.'))).toEqual([]);
    }
    for (const sandbox of [runc.sandboxId, runsc.sandboxId]) {
      const [pause] = ofContainer(sandbox);
      expect(pause?.resource['container.image.name']).toBe('registry.test/pause');
      expect(pause?.resource).not.toHaveProperty('k8s.container.name');
      expect(namesOf(ofContainer(sandbox))).toContain('container.cpu.time');
    }
  });

  test('CPU time has modes in all points of a container or in none', () => {
    const modes = (id: string) =>
      ofContainer(id)
        .filter(({ name }) => name === 'container.cpu.time')
        .map(({ attributes }) => attributes['cpu.mode']);
    expect(new Set(modes(burner('runc')))).toEqual(new Set(['user', 'system']));
    expect(new Set(modes(burner('runsc')))).toEqual(new Set([undefined]));
  });

  test('a bare cgroup is no container: its rows keep their names, or go', () => {
    const isOfBare = ({ attributes }: SentPoint) => attributes.id === bare.id;
    expect(sent('strict').filter(isOfBare)).toEqual([]);
    const kept = sent('kept').filter(isOfBare);
    const raw = sent('raw').filter(isOfBare);
    expect(namesOf(kept)).toEqual(namesOf(raw));
    expect(namesOf(kept)).toContain('container_cpu_usage_seconds_total');
    for (const { resource, attributes } of kept) {
      expect(Object.keys(resource)).toEqual(['host.name']);
      expect(Object.values(attributes)).not.toContain('');
    }
    expect(sent('kept').filter(({ name }) => /^container_fs_|_packets_/.test(name))).not.toEqual(
      [],
    );
  });

  test('values are those of the same pass in the cadvisor dialect, each once', () => {
    const raw = new Map(sent('raw').map((point) => [rawKey(point), point.value]));
    const points = ['runc', 'runsc'].flatMap((which) => ofContainer(burner(which)));
    const seen = new Set<string>();
    const compared = new Map<string, number>();
    for (const point of points) {
      const key = `${point.name} ${JSON.stringify([point.attributes, point.resource])} ${point.time}`;
      expect(seen.has(key), key).toBe(false);
      seen.add(key);
      const id = point.resource['container.id'] ?? '';
      const of = (name: string, labels = '') => raw.get(`${name} ${id} ${point.time} ${labels}`);
      const expected = SAME[`${point.name} ${Object.values(point.attributes).join()}`.trim()]?.(of);
      if (expected === undefined || point.valueType === undefined) continue;
      expect(point.value, key).toBe(expected);
      compared.set(point.name, (compared.get(point.name) ?? 0) + 1);
    }
    expect([...compared.keys()].toSorted()).toEqual([
      ...['container.cpu.time', 'container.memory.available', 'container.memory.rss'],
      ...['container.memory.usage', 'container.memory.working_set', 'container.paging.faults'],
      ...['k8s.container.cpu.limit.current', 'k8s.container.memory.limit.current'],
    ]);
    for (const [name, count] of compared) expect(count, name).toBeGreaterThan(3);
    const uptime = points.findLast(({ name }) => name === 'container.uptime')?.value;
    expect(uptime).toBeGreaterThan(5);
    expect(uptime).toBeLessThan(90);
  });

  test('the series of a container that is gone end', async () => {
    const id = burner('runsc');
    runsc.runsc('kill', id, 'KILL');
    const ended = () =>
      ofContainer(id)
        .filter(({ valueType }) => valueType === undefined)
        .map(({ name }) => name);
    await expect.poll(ended).toContain('container.cpu.time');
    const live = ofContainer(id).filter(({ valueType }) => valueType !== undefined);
    expect([...new Set(ended())].toSorted()).toEqual(namesOf(live));
    expect(agent.log()).not.toMatch(/\terror\t/);
  });
});

type Of = (name: string, labels?: string) => number | undefined;

/** What each point of the burners must be, from the rows of its pass. */
const SAME: Readonly<Record<string, (of: Of) => number | undefined>> = {
  'container.cpu.time': (of) => of('container_cpu_usage_seconds_total', 'total'),
  'container.cpu.time user': (of) => of('container_cpu_user_seconds_total'),
  'container.cpu.time system': (of) => of('container_cpu_system_seconds_total'),
  'container.memory.usage': (of) => of('container_memory_usage_bytes'),
  'container.memory.rss': (of) => of('container_memory_rss'),
  'container.memory.working_set': (of) => of('container_memory_working_set_bytes'),
  'container.memory.available': (of) =>
    LIMIT - (of('container_memory_working_set_bytes') ?? Number.NaN),
  'container.paging.faults major': (of) =>
    of('container_memory_failures_total', 'pgmajfault,hierarchy'),
  'k8s.container.cpu.limit.current': (of) =>
    (of('container_spec_cpu_quota') ?? Number.NaN) / (of('container_spec_cpu_period') ?? 0),
  'k8s.container.memory.limit.current': () => LIMIT,
};

function rawKey({ name, time, attributes }: SentPoint): string {
  const { id = '', name: container, image, namespace, pod, container: _, ...own } = attributes;
  return `${name} ${id.slice(id.lastIndexOf('/') + 1)} ${time} ${Object.values(own).join()}`;
}
