import { mkdirSync, renameSync, symlinkSync, truncateSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  containerdAnnotations,
  containerdConfig,
  makeFifo,
  ociConfig,
  storageConfig,
  type Who,
  writeContainerd,
  writeCrio,
} from '../../support/bundles.ts';
import { type FakeHost, makeHost, podSlice } from '../../support/fake-host.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';

const UID = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const GOOD = 'a'.repeat(64);
const BAD = 'b'.repeat(64);
const POD = { podUid: UID, pod: 'web-0', namespace: 'shop' };
const good: Who = { ...POD, id: GOOD, container: 'nginx' };
const bad: Who = { ...POD, id: BAD, container: 'sidecar' };
const scope = (id: string, uid = UID, prefix = 'cri-containerd') =>
  `${podSlice(uid)}/${prefix}-${id}.scope`;
const TASKS = 'run/containerd/io.containerd.runtime.v2.task';
const WITHHELD = 'sandgauge_observer_withheld_workloads';

let host: FakeHost;
let observed: Observed | undefined;
const clock = { now: 1_800_000_000_000 };
beforeEach(() => {
  host = makeHost();
  host.cgroup(podSlice(UID));
  host.cgroup(scope(GOOD), [101]);
  host.cgroup(scope(BAD), [102]);
  writeContainerd(host, good);
});
afterEach(async () => {
  await observed?.shutdown();
  host.remove();
});

async function run(): Promise<Observed> {
  const root = `root_path: ${host.path}`;
  observed = await runObserved({ receiver: root, observer: root }, () => clock.now);
  return observed;
}

/** The names on the rows of one cgroup; undefined when it has no rows. */
function labelsOf(rows: readonly Row[], id: string): Row['labels'] | undefined {
  const found = rows.filter(({ labels, metric }) => labels.id === id && !/_fs_|_net/.test(metric));
  const [first] = found;
  for (const { labels } of found) expect(labels.pod).toBe(first?.labels.pod);
  return first?.labels;
}

async function readAt(seconds: number): Promise<Row[]> {
  clock.now += seconds * 1000;
  return (observed as Observed).read();
}

const isAbout = (id: string) => (line: string) => line.includes(id);

describe('a bundle that cannot be used', () => {
  const config = () => `${host.path}/${containerdConfig(BAD)}`;
  const folder = () => config().replace('/config.json', '');
  const write = (content: string | object) => host.write(containerdConfig(BAD), content);
  const withKey = (key: string, value: unknown) =>
    write(ociConfig({ ...containerdAnnotations(bad) }, { resources: { [key]: value } }));

  test.each<[string, () => void]>([
    ['malformed JSON', () => write('{"annotations":')],
    ['JSON that is no object', () => write('[]')],
    [
      'half a file',
      () => write(JSON.stringify(ociConfig(containerdAnnotations(bad))).slice(0, 99)),
    ],
    ['an empty file', () => write('')],
    [
      'a linked config',
      () => {
        const target = host.write('elsewhere.json', ociConfig(containerdAnnotations(bad)));
        mkdirSync(folder(), { recursive: true });
        symlinkSync(target, config());
      },
    ],
    [
      'a linked folder',
      () => {
        host.write('elsewhere/config.json', ociConfig(containerdAnnotations(bad)));
        symlinkSync(`${host.path}/elsewhere`, folder());
      },
    ],
    ['100 MB', () => truncateSync(write('{}'), 100 * 2 ** 20)],
    ['10,000 levels', () => write(`${'['.repeat(10_000)}${']'.repeat(10_000)}`)],
    [
      'a FIFO',
      () => {
        mkdirSync(folder(), { recursive: true });
        makeFifo(config());
      },
    ],
    ['a folder', () => mkdirSync(config(), { recursive: true })],
    ['another pod', () => writeContainerd(host, { ...bad, podUid: UID.replace('16', '17') })],
    [
      'another container',
      () => {
        const cgroupsPath = `${podSlice(UID)}/${GOOD}`;
        writeContainerd(host, bad, { cgroupsPath });
      },
    ],
    [
      'another container, by the systemd driver',
      () => {
        const slice = podSlice(UID).split('/').at(-1);
        writeContainerd(host, bad, { cgroupsPath: `${slice}:cri-containerd:${GOOD}` });
      },
    ],
    ['a sandbox id that is a path', () => writeContainerd(host, { ...bad, sandboxId: '../../x' })],
    ['a limit that is a text', () => withKey('memory', { limit: '128M' })],
    ['a CPU that is a list', () => withKey('cpu', [])],
    ['annotations that are a list', () => write({ annotations: ['x'] })],
  ])('%s: one line, the others go on, and one line when it is over', async (_, spoil) => {
    spoil();
    const { log, own } = await run();
    for (const seconds of [0, 1, 2, 5, 6, 60, 1, 60]) {
      const rows = await readAt(seconds);
      expect(labelsOf(rows, scope(GOOD))).toMatchObject({ container: 'nginx', pod: 'web-0' });
      expect(labelsOf(rows, podSlice(UID))).toMatchObject({ container: '', pod: 'web-0' });
      expect(labelsOf(rows, scope(BAD))).toBeUndefined();
    }
    expect(log.filter(isAbout(`${BAD}/config.json`))).toEqual([
      `warn: Bundle cannot be used; its container has no names (${config()})`,
    ]);
    expect(log.filter((line) => line.includes('withheld'))).toHaveLength(1);
    expect(log).toHaveLength(2);
    expect(own(WITHHELD)).toBe(1);

    host.remove(`${TASKS}/k8s.io/${BAD}`);
    writeContainerd(host, bad);
    for (const seconds of [6, 6, 60]) await readAt(seconds);
    expect(labelsOf(await readAt(1), scope(BAD))).toMatchObject({ container: 'sidecar' });
    expect(log.slice(2).sort()).toEqual([
      `info: Bundle can be used again (${scope(BAD)})`,
      'info: No workload is withheld any more',
    ]);
  });

  test('a container that goes away with its bad bundle leaves no trouble behind', async () => {
    write('{');
    const { log } = await run();
    await readAt(0);
    host.remove(`sys/fs/cgroup${scope(BAD)}`);
    host.remove(`${TASKS}/k8s.io/${BAD}`);
    await readAt(60);
    expect(log.slice(1)).toEqual([`info: Bundle that could not be used is gone (${scope(BAD)})`]);
    // The same trouble later is a new one.
    host.cgroup(scope(BAD), [102]);
    write('{');
    await readAt(60);
    expect(log.slice(2)).toEqual([
      `warn: Bundle cannot be used; its container has no names (${config()})`,
    ]);
  });

  test('a bad bundle that goes before its container is no trouble any more', async () => {
    write('{');
    const { log } = await run();
    await readAt(0);
    host.remove(`${TASKS}/k8s.io/${BAD}`);
    await readAt(1);
    expect(log.slice(1)).toEqual([`info: Bundle that could not be used is gone (${scope(BAD)})`]);
  });

  test('the first container of a pod without names hides not those of the next', async () => {
    // Sorts before the good one, and names its pod by a number.
    const first = '0'.repeat(64);
    host.cgroup(scope(first), [103]);
    const annotations = { ...containerdAnnotations({ ...bad, id: first }) } as object;
    host.write(
      containerdConfig(first),
      ociConfig({ ...annotations, 'io.kubernetes.cri.sandbox-name': 7 }),
    );
    writeContainerd(host, bad);
    await run();
    const rows = await readAt(0);
    expect(labelsOf(rows, podSlice(UID))).toMatchObject({ pod: 'web-0', namespace: 'shop' });
    expect(labelsOf(rows, scope(first))).toBeUndefined();
  });

  test('more than 1,000 of them, one after another, are all told', async () => {
    const { log } = await run();
    await readAt(0);
    log.length = 0;
    const ids = Array.from({ length: 1100 }, (_, i) => String(i).padStart(64, '0'));
    for (const half of [ids.slice(0, 550), ids.slice(550)]) {
      for (const id of half) {
        host.bareCgroup(scope(id));
        host.write(containerdConfig(id), '{');
      }
      await readAt(60);
      for (const id of half) host.remove(`sys/fs/cgroup${scope(id)}`);
      await readAt(60);
    }
    expect(log.filter((line) => line.startsWith('warn: Bundle cannot be used'))).toHaveLength(1100);
  });
});

describe('symbolic links of CRI-O', () => {
  test.each(['', '/userdata'])('a linked <id>%s is not followed', async (part) => {
    const id = 'c'.repeat(64);
    host.cgroup(scope(id, UID, 'crio'), [7]);
    writeCrio(host, { ...POD, id, container: 'web' });
    const path = `${host.path}/${storageConfig(id).replace('/userdata/config.json', part)}`;
    renameSync(path, `${host.path}/elsewhere`);
    symlinkSync(`${host.path}/elsewhere`, path);
    const { log } = await run();
    expect(labelsOf(await readAt(0), scope(id, UID, 'crio'))).toBeUndefined();
    expect(log.filter(isAbout(`${id}/userdata/config.json`))).toHaveLength(1);
  });
});

describe('a cgroup that bears the id of another container', () => {
  test('in another pod: it has none of the names', async () => {
    const other = '2d0f59af-cdfd-4da5-8a95-8f59071547fe';
    host.cgroup(podSlice(other));
    host.cgroup(scope(GOOD, other), [7]);
    const { log } = await run();
    const rows = [...(await readAt(0)), ...(await readAt(10))];
    expect(labelsOf(rows, scope(GOOD))).toMatchObject({ pod: 'web-0' });
    expect(labelsOf(rows, scope(GOOD, other))).toBeUndefined();
    expect(labelsOf(rows, podSlice(other))).toBeUndefined();
    expect(log.filter(isAbout(`${GOOD}/config.json`))).toHaveLength(1);
    // When the impostor goes the container keeps its names and its rows.
    host.remove(`sys/fs/cgroup${podSlice(other)}`);
    expect(labelsOf(await readAt(60), scope(GOOD))).toMatchObject({ container: 'nginx' });
  });

  test.each([
    ['below a container', `${scope(BAD)}/docker-${GOOD}.scope`],
    ['below a container, in a slice like that of its pod', `${scope(BAD)}${scope(GOOD)}`],
  ])('%s, where a tenant can make one: it has none of the names', async (_, nested) => {
    writeContainerd(host, bad);
    host.cgroup(nested, [7]);
    await run();
    for (const seconds of [0, 3, 10]) {
      const rows = await readAt(seconds);
      expect(labelsOf(rows, scope(GOOD))).toMatchObject({ container: 'nginx' });
      expect(labelsOf(rows, nested)?.pod ?? '').toBe('');
      const named = rows.filter(({ labels }) => labels.container === 'nginx');
      expect(new Set(named.map(({ labels }) => labels.id))).toEqual(new Set([scope(GOOD)]));
    }
  });
});
