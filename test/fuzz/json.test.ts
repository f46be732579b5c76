import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, test } from 'vitest';
import { readBoundedJson } from '../../src/platform/file/bounded-json.ts';
import { createRootedPaths } from '../../src/platform/file/rooted.ts';
import { createContainerdSource } from '../../src/platform/oci/containerd.ts';
import { createDockerSource } from '../../src/platform/oci/docker.ts';
import { parseOciSpec } from '../../src/platform/oci/spec.ts';
import { createStorageSource } from '../../src/platform/oci/storage.ts';
import {
  hasControlFile,
  parseEvent,
  parseEventReply,
  parseProcesses,
} from '../../src/platform/runsc/event.ts';
import { createJsonEnd } from '../../src/platform/runsc/json-end.ts';
import { readState } from '../../src/platform/runsc/state.ts';
import { createBoundedCpu } from '../../src/receivers/runsc/bounded-cpu.ts';
import { parseCgroupPath } from '../../src/workload/cgroup-path.ts';
import { factsOf } from '../../src/workload/facts.ts';
import { createIdentity } from '../../src/workload/identity.ts';
import { specOf } from '../../src/workload/spec.ts';
import {
  containerdAnnotations,
  containerdConfig,
  crioAnnotations,
  makeRoot,
  ociConfig,
  storageConfig,
} from '../support/bundles.ts';
import { fuzz, inputsOf } from './fuzz.ts';
import { checkFigures } from './leaving.ts';
import type { Random } from './mutate.ts';

const FIXTURES = 'test/fixtures/runsc';
const MAX_LABEL = 4096;
const MAX_MESSAGE = 400;
const ID = 'a'.repeat(64);
const WHO = { id: ID, podUid: '16b4b963-ffee-4616-812c-a13ed94c0c7f', pod: 'p', namespace: 'n' };
const more = {
  cgroupsPath: `kubepods-podx.slice:cri-containerd:${ID}`,
  resources: { cpu: { shares: 512, quota: 1, period: 100_000 }, memory: { limit: 7, swap: 9 } },
};
const interfaces = [{ Name: 'eth0', RxBytes: 7, TxPackets: 1 }, { Name: 'lo' }];
const root = makeRoot();
const paths = createRootedPaths(root.path);
afterAll(() => root.remove());

const texts = (...values: unknown[]) => values.map((value) => Buffer.from(JSON.stringify(value)));
const CONFIGS = texts(
  ociConfig(containerdAnnotations({ ...WHO, container: 'c' }), more),
  ociConfig(containerdAnnotations(WHO), more),
  ociConfig(crioAnnotations({ ...WHO, container: 'c' }), more),
);
const REPLIES = readFileSync(`${FIXTURES}/pod-exchanges.txt`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('< '))
  .map((line) => line.slice(2, line.lastIndexOf('  (')));
const EVENTS = [
  ...REPLIES.map((text) => JSON.parse(text).result),
  ...readFileSync(`${FIXTURES}/events-stream-burner.txt`, 'utf8')
    .match(/^\{.*\}$/gm)!
    .map((line) => JSON.parse(line)),
  {
    event: {
      data: {
        cpu: { usage: {} },
        memory: { usage: { usage: 7 } },
        pids: {},
        network_interfaces: interfaces,
      },
    },
    containerUsage: { [ID]: 7 },
  },
  { results: [{ value: '1' }, { is_error: true }] },
];

const EVENT_TEXTS = texts(...EVENTS);

test('OCI configs', () => {
  fuzz({
    share: 80,
    seeds: CONFIGS,
    run: (input, random) => withJson(input, random, CONFIGS, checkConfig),
  });
});

test('answers of sandboxes and what is made of them', () => {
  const cpu = createBoundedCpu();
  let host = 0;
  fuzz({
    share: 80,
    seeds: EVENT_TEXTS,
    run: (input, random) =>
      withJson(input, random, EVENT_TEXTS, (json) => {
        const reply = documented(() => parseEventReply(json));
        if (reply !== undefined) {
          host += random(1000);
          const totals = cpu.add(reply.usageNanos, random(4) === 0 ? undefined : host);
          checkFigures(Object.fromEntries([...totals].slice(0, 50)));
        }
        for (const event of [reply?.event, documented(() => parseEvent(json))]) {
          if (event === undefined) continue;
          checkFigures(event);
          const names = event.interfaces?.map(({ name }) => name) ?? [];
          if (new Set(names).size < names.length) throw new Error('a name stands twice');
          if (names.some((name) => Buffer.byteLength(name) > 15)) throw new Error('a long name');
          for (const each of event.interfaces ?? []) checkFigures(each);
        }
        checkFigures(documented(() => parseProcesses(json)) ?? {});
        documented(() => hasControlFile(json));
      }),
  });
});

test('JSON in a stream', () => {
  fuzz({
    share: 60,
    seeds: REPLIES.map((text) => Buffer.from(text)),
    run(input) {
      const length = documented(() => createJsonEnd().take(input));
      if (length !== undefined && !(length > 0 && length <= input.length))
        throw new Error('length');
    },
  });
});

test('values of any shape', () => {
  const key = fc.constantFrom(
    'annotations',
    'linux',
    'resources',
    'cpu',
    'memory',
    'limit',
    'event',
    'data',
    'usage',
    'containerUsage',
    'network_interfaces',
    'Name',
    '__proto__',
    'constructor',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.double(),
      fc.string({ unit: 'binary' }),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(value, (json) => {
      checkConfig(json);
      for (const parse of [parseEvent, parseEventReply, parseProcesses, hasControlFile]) {
        documented(() => parse(json));
      }
    }),
    { numRuns: inputsOf(10) },
  );
});

test('files of bundles and state files on disk', () => {
  const name = { containerId: ID, sandboxId: ID };
  const docker = { ID, Name: '/web', Config: { Image: 'nginx', Labels: { a: 'b' } } };
  const list = [{ id: ID, names: ['web'], metadata: '{"image-name":"x"}' }];
  const state = readFileSync(`${FIXTURES}/d.state.json`);
  const places = [
    [containerdConfig(ID), CONFIGS],
    [storageConfig(ID), CONFIGS],
    [`var/lib/docker/containers/${ID}/config.v2.json`, texts(docker)],
    ['run/containers/storage/overlay-containers/containers.json', texts(list)],
    [
      'c.state',
      [
        state,
        ...texts({
          id: ID,
          createdAt: '2026-01-01T00:00:00Z',
          spec: {},
          sandbox: { id: ID, pid: 7 },
        }),
      ],
    ],
  ] as const;
  for (const [file, seeds] of places) root.write(file, seeds[0]?.toString() ?? '');
  const containerd = createContainerdSource(paths, ['/run/containerd']);
  const sources = [
    containerd,
    createStorageSource(paths, ['/run/containers/storage']),
    createDockerSource(paths, ['/var/lib/docker'], containerd),
  ];
  let left = 0;
  for (const [file, seeds] of places) {
    fuzz({
      share: 2,
      seeds,
      run(input) {
        left++;
        root.write(file, input.toString('latin1'));
        for (const source of sources) {
          const bundle = documented(() => source.find(ID));
          if (bundle !== undefined) checkLabels(bundle);
        }
        documented(() => readBoundedJson(`${root.path}/${file}`));
        const read = documented(() => readState(`${root.path}/c.state`, name));
        if (read && !(read.sandboxPid > 0)) throw new Error('no process');
      },
    });
    root.write(file, seeds[0]?.toString() ?? '');
  }
  if (left === 0) throw new Error('nothing was tried');
});

/** Where a mutation leaves no JSON, which is the engine's matter, a value in it is replaced. */
function withJson(
  input: Buffer,
  random: Random,
  seeds: readonly Buffer[],
  check: (json: unknown) => void,
): void {
  let json: unknown;
  try {
    json = JSON.parse(input.toString());
  } catch {
    json = replaceIn(JSON.parse((seeds[random(seeds.length)] as Buffer).toString()), random);
  }
  check(json);
}

const STRANGE: readonly unknown[] = [
  ...[null, true, -1, -0, 0.5, 1e308, 2 ** 53, 2 ** 62, 2 ** 64, '', 'max', 'x'.repeat(5000)],
  ...['\ud800', '../..', '\0', [], {}, [[]], { constructor: 1 }, JSON.parse('{"__proto__": {}}')],
];

/** Replaces, adds or takes away one value, at any depth. */
function replaceIn(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random(6) === 0) {
    return STRANGE[random(STRANGE.length)];
  }
  const changed = value as Record<string, unknown>;
  const keys = Object.keys(changed);
  const key = keys[random(keys.length || 1)] ?? 'x';
  if (random(10) === 0) delete changed[key];
  else changed[random(10) === 0 ? `${key}2` : key] = replaceIn(changed[key], random);
  return changed;
}

function checkConfig(json: unknown): void {
  const spec = documented(() => parseOciSpec(json));
  if (spec === undefined) return;
  checkFigures(spec.resources);
  checkLabels({ id: ID, spec, runtime: undefined, name: undefined, image: undefined, labels: {} });
  const oci = spec.resources;
  for (const version of [1, 2] as const) {
    checkFigures(specOf({ oci, kernel: undefined, version, hostMemoryBytes: 1e9 }));
  }
}

/** What becomes a label can be written as UTF-8 and is of a label's size. */
function checkLabels(bundle: Parameters<typeof factsOf>[0]): void {
  const workload = parseCgroupPath(`/kubepods/pod${WHO.podUid}/${ID}`);
  for (const text of Object.values(createIdentity(workload, factsOf(bundle).names))) {
    if (text.length > MAX_LABEL) throw new Error(`a label of ${text.length} characters`);
    if (!text.isWellFormed()) throw new Error('a label that is no UTF-8');
  }
}

/** Undefined for an Error whose message may stand in a log: short, and of one line. */
function documented<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    const { message, constructor: type } = error as Error;
    const isDocumented = ['Error', 'BundleError'].includes(type.name);
    if (isDocumented && message.length <= MAX_MESSAGE && !message.includes('\n')) return undefined;
    throw error;
  }
}
