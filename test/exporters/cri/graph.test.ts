import { afterEach, expect, test } from 'vitest';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { COMPONENTS } from '../../../src/distribution/components.ts';
import { buildGraph } from '../../../src/service/graph.ts';
import { type Service, startService } from '../../../src/service/service.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { type Who, writeContainerd } from '../../support/bundles.ts';
import { type CriClient, connectClient } from '../../support/cri/client.ts';
import { type FakeHost, makeHost, podSlice } from '../../support/fake-host.ts';
import { idOf, makeFolder, stopAll } from './running.ts';

const UID = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const SANDBOX = idOf('f0').replaceAll('a', 'e');
let host: FakeHost | undefined;
let service: Service | undefined;
let client: CriClient | undefined;
afterEach(async () => {
  client?.close();
  await service?.shutdown();
  await stopAll();
  host?.remove();
});

/** The receivers and the observer that an agent has, over a host of the test's own. */
async function run(interval: string): Promise<{ host: FakeHost; client: CriClient }> {
  host = makeHost();
  const root = `root_path: ${host.path}`;
  const path = `${makeFolder()}/cri.sock`;
  const yaml = `
extensions: {workload_observer: {${root}}}
receivers: {cgroup: {${root}, collection_interval: ${interval}, initial_delay: 0s}}
exporters:
  cri: {endpoint: 'unix://${path}', ${root}, max_age: 0s, collect_on_scrape: ${interval === '0s'}}
service:
  extensions: [workload_observer]
  pipelines: {metrics: {receivers: [cgroup], exporters: [cri]}}
`;
  const { counter, gauge } = createOwnMetrics();
  const logger = { debug() {}, info() {}, warn() {}, error: expect.fail };
  const graph = buildGraph(confOf(parseYaml(yaml, 'test')), {
    registry: COMPONENTS,
    telemetry: { logger, counter, gauge },
    resource: { attributes: {} },
    version: '9.9.9',
    now: Date.now,
  });
  addContainer(host, undefined, SANDBOX);
  addContainer(host, 'app', idOf('01'));
  service = await startService(graph, logger);
  client = connectClient(path);
  return { host, client };
}

function addContainer(root: FakeHost, container: string | undefined, id: string): void {
  const who: Who = {
    ...{ id, podUid: UID, pod: 'web', namespace: 'shop', sandboxId: SANDBOX },
    ...(container === undefined ? {} : { container }),
  };
  writeContainerd(root, who);
  root.cgroup(podSlice(UID));
  root.cgroup(scopeOf(id), [101]);
}

const scopeOf = (id: string) => `${podSlice(UID)}/cri-containerd-${id}.scope`;

test('on demand: what is there at the moment of the question, by the names of its bundles', async () => {
  const { host, client } = await run('0s');
  expect((await client.call('Version')).runtime_version).toBe('9.9.9');
  // The first answer is of the first pass.
  const { stats } = await client.call('ListPodSandboxStats');
  expect(stats.map((each) => each.attributes?.metadata)).toEqual([
    { name: 'web', namespace: 'shop', uid: UID, attempt: 0 },
  ]);
  expect(stats[0]?.attributes?.id).toBe(SANDBOX);
  expect(stats[0]?.linux?.cpu?.usage_core_nano_seconds).toBe(3_000_000_000n);
  const age = BigInt(Date.now()) * 1_000_000n - (stats[0]?.linux?.cpu?.timestamp ?? 0n);
  expect(age < 5_000_000_000n && age >= -1_000_000n).toBe(true);
  expect(stats[0]?.linux?.containers.map((each) => each.attributes?.metadata?.name)).toEqual([
    'app',
  ]);
  addContainer(host, 'late', idOf('02'));
  const { stats: late } = await client.call('ContainerStats', { container_id: idOf('02') });
  expect(late?.attributes?.metadata?.name).toBe('late');
  host.remove(`sys/fs/cgroup${scopeOf(idOf('02'))}`);
  const gone = client.call('ContainerStats', { container_id: idOf('02') });
  await expect(gone).rejects.toMatchObject({ code: 5 });
});

test('on a timer: the figures of the last pass, renewed by the next', async () => {
  const { host, client } = await run('100ms');
  const cpu = async () =>
    (await client.call('ListContainerStats')).stats[0]?.cpu?.usage_core_nano_seconds;
  await expect.poll(cpu).toBe(3_000_000_000n);
  host.write(`sys/fs/cgroup${scopeOf(idOf('01'))}/cpu.stat`, 'usage_usec 7000000\n');
  await expect.poll(cpu).toBe(7_000_000_000n);
});
