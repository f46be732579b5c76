import { afterAll, expect, test } from 'vitest';
import { isRootOnHost } from '../../../src/platform/runsc/root-overlay.ts';
import { makeKernelFiles } from '../kernel-files.ts';

const root = makeKernelFiles();
afterAll(() => root.remove());

function isOnHost(args: readonly string[], annotations = {}): boolean {
  const all = ['runsc-sandbox', '--root=/run/runsc', ...args, 'boot', '--bundle=/b', 'id'];
  root.write('7/cmdline', all.map((arg) => `${arg}\0`).join(''));
  return isRootOnHost(root.path, 7, annotations, root.files);
}

test.each([
  [[], true],
  [['--overlay=false'], true],
  [['--overlay2=none'], true],
  // The default since 2023: the file that backs it lies in the root file system.
  [['--overlay2=root:self'], true],
  [['-overlay2=all:self'], true],
  [['--overlay'], false],
  [['--overlay=true'], false],
  [['--overlay2=all:memory'], false],
  [['--overlay2=root:memory'], false],
  [['--overlay2=root:dir=/var/filestore'], false],
  [['--overlay2=root:/var/filestore'], false],
  [['--overlay2=root:self', '--overlay2=root:memory'], false],
  [['--overlay-something=memory'], true],
])('with %j what is written is on the host: %j', (args, expected) => {
  expect(isOnHost(args)).toBe(expected);
});

test('a pod that asks for another root, and arguments that cannot be seen', () => {
  expect(isOnHost([], { 'dev.gvisor.spec.rootfs.overlay': 'memory' })).toBe(false);
  expect(isOnHost([], { 'dev.gvisor.spec.mount.x.type': 'tmpfs' })).toBe(true);
  root.write('8/cmdline', '');
  expect(isRootOnHost(root.path, 8, {}, root.files)).toBe(false);
  expect(isRootOnHost(root.path, 9, {}, root.files)).toBe(false);
});
