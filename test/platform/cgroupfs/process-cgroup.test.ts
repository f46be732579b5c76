import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCgroupPath } from '../../../src/platform/cgroupfs/process-cgroup.ts';
import { type KernelFiles, makeKernelFiles } from '../kernel-files.ts';

const SCOPE = `cri-containerd-${'5'.repeat(64)}.scope`;
const PATH = `/kubepods.slice/kubepods-burstable.slice/kubepods-pod1.slice/${SCOPE}`;

let root: KernelFiles;
beforeEach(() => {
  root = makeKernelFiles();
  for (const path of [PATH, '/init.scope', `/kubepods.slice/init.scope`]) {
    root.write(`cgroup${path}/cgroup.procs`, '');
  }
});
afterEach(() => root.remove());

function read(text: string, version: 1 | 2 = 2): string | undefined {
  root.write('7/cgroup', text);
  const mount = { version, directory: `${root.path}/cgroup` };
  return readCgroupPath(root.path, 7, { controller: () => mount }, 'memory', root.files);
}

test.each([
  ['v2', `0::${PATH}\n`, 2, PATH],
  ['v1', '4:cpu,cpuacct:/a\n3:memory:/b\n0::/c\n', 1, '/b'],
  ['a colon in a name', '0::/a:b\n', 2, '/a:b'],
  ['no such hierarchy', '4:cpu,cpuacct:/a\n', 1, undefined],
  ['the root', '0::/\n', 2, '/'],
] as const)('%s', (_, text, version, path) => {
  expect(read(text, version)).toBe(path);
});

// As `unshare -C` shows it: the reader's own cgroup is at the root, and the others above it.
test.each([
  ['from a pod of the same class', `/../../kubepods-pod1.slice/${SCOPE}`, PATH],
  ['from a service', `/../..${PATH}`, PATH],
  ['from a neighbour in the pod', `/../${SCOPE}`, PATH],
  ['a name that is in a slice too: the highest', '/../../init.scope', '/init.scope'],
  ['what is not on this mount', '/../../other.scope', undefined],
  ['above the reader', '/../..', '/'],
])('in a cgroup namespace, %s', (_, told, path) => {
  expect(read(`0::${told}\n`)).toBe(path);
});

test('a process that is gone has none', () => {
  const mount = { version: 2, directory: root.path } as const;
  expect(
    readCgroupPath(root.path, 8, { controller: () => mount }, 'memory', root.files),
  ).toBeUndefined();
});
