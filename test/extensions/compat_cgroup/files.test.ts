import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  cgroupOf,
  podSlice,
  type StateOptions,
  stateOf,
  writeState,
} from '../../support/runsc/states.ts';
import { APP, type CompatHost, makeHost, POD, passes } from './host.ts';

const WAIT = { timeout: 5000, interval: 20 };

let host: CompatHost;
beforeEach(() => {
  host = makeHost();
});
afterEach(() => host.close());

const FILES = ['memory.max', 'memory.swap.max', 'memory.low', 'cpu.max', 'cpu.weight', 'pids.max'];
const mount = () => join(host.path, 'cgroup');
const directory = () => `${mount()}${cgroupOf(APP)}`;
const read = (file: string) => readFileSync(join(directory(), file), 'utf8');
/** What the agent made before, with the files that a kernel makes. */
const seed = (files: readonly string[]) => {
  mkdirSync(directory(), { recursive: true });
  chmodSync(directory(), 0o1755);
  for (const file of files) writeFileSync(join(directory(), file), '');
  writeFileSync(join(directory(), 'cgroup.events'), 'populated 0\nfrozen 0\n');
};

test('every file has its value', () => {
  seed(FILES);
  writeState(host.states, APP);
  host.startKeeper(mount());
  expect(FILES.map((file) => [file, read(file)])).toEqual([
    ['memory.max', '536870912'],
    ['memory.swap.max', '536870912'],
    ['memory.low', ''],
    ['cpu.max', '50000 100000'],
    ['cpu.weight', '79'],
    ['pids.max', '100'],
  ]);
  expect(host.log).toEqual([]);
});

test('a file that is not there is said once and not made', async () => {
  seed(['cpu.max']);
  writeState(host.states, APP);
  host.startKeeper(mount());
  await passes(3);
  expect(readdirSync(directory()).sort()).toEqual(['cgroup.events', 'cpu.max']);
  expect(read('cpu.max')).toBe('50000 100000');
  expect(host.log).toHaveLength(4);
});

test('a file that cannot be written is said once, and the others are', async () => {
  seed(['cpu.max', 'pids.max']);
  symlinkSync(join(directory(), 'pids.max'), join(directory(), 'memory.max'));
  mkdirSync(join(directory(), 'cpu.weight'));
  writeState(host.states, APP);
  host.startKeeper(mount());
  await passes(3);
  expect([read('cpu.max'), read('pids.max')]).toEqual(['50000 100000', '100']);
  expect(new Set(host.log).size).toBe(host.log.length);
});

test('a spec that contradicts itself costs that file, and one line that names it', async () => {
  seed(FILES);
  const resources = { memory: { limit: 2 ** 30, swap: 2 ** 20 }, pids: { limit: 5 } };
  writeState(host.states, { ...APP, resources });
  host.startKeeper(mount());
  await passes(3);
  expect([read('memory.max'), read('memory.swap.max'), read('pids.max')]).toEqual([
    String(2 ** 30),
    '',
    '5',
  ]);
  expect(host.log).toEqual([expect.stringContaining(`"id":"${APP.id}"`)]);
});

test('limits that are changed in place are written', async () => {
  seed(FILES);
  writeState(host.states, APP);
  host.startKeeper(mount());
  expect(read('pids.max')).toBe('100');
  writeState(host.states, { ...APP, resources: { pids: { limit: 200 } } });
  await vi.waitFor(() => expect(read('pids.max')).toBe('200'), WAIT);
});

test('a state file that is half written, or not to be read, is as it was', async () => {
  seed(FILES);
  const path = writeState(host.states, APP);
  host.startKeeper(mount());
  writeFileSync(path, '{"id":');
  await passes(3);
  writeFileSync(join(directory(), 'pids.max'), '');
  await passes(2);
  expect(existsSync(directory())).toBe(true);
  expect(host.log).toEqual([expect.stringContaining('State file cannot be used')]);
});

test.each<[string, object]>([
  ['no pod', { linux: { cgroupsPath: `system.slice:cri-containerd:${APP.id}` } }],
  ['another container', { linux: { cgroupsPath: `${podSlice(POD).unit}:crio:${'b'.repeat(64)}` } }],
  ['another engine', { linux: { cgroupsPath: `${podSlice(POD).unit}:evil:${APP.id}` } }],
  ['a slice', { linux: { cgroupsPath: `${podSlice(POD).unit}:cri-containerd:x.slice` } }],
  ['a way up', { linux: { cgroupsPath: `/../pod${POD}/${APP.id}` } }],
  ['no path', { linux: {} }],
])('nothing is done for a path of %s', async (_, spec) => {
  mkdirSync(dirname(directory()), { recursive: true });
  writeFileSync(join(host.states, stateName(APP)), JSON.stringify({ ...stateOf(APP), spec }));
  host.startKeeper(mount());
  await passes(1);
  expect(readdirSync(dirname(directory()))).toEqual([]);
  expect(readdirSync(mount())).toEqual(['kubepods.slice']);
  expect(readdirSync(host.path).sort()).toEqual(['cgroup', 'proc', 'run']);
});

test('nothing is done behind a link', async () => {
  const elsewhere = join(host.path, 'elsewhere');
  mkdirSync(elsewhere);
  mkdirSync(dirname(dirname(directory())), { recursive: true });
  symlinkSync(elsewhere, dirname(directory()));
  writeState(host.states, APP);
  host.startKeeper(mount());
  await passes(1);
  expect(readdirSync(elsewhere)).toEqual([]);
});

function stateName({ id, sandboxId }: StateOptions): string {
  return `${id}_sandbox:${sandboxId}.state`;
}
