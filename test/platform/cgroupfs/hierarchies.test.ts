import { expect, test } from 'vitest';
import { parseHierarchies } from '../../../src/platform/cgroupfs/hierarchies.ts';
import { createRootedPaths } from '../../../src/platform/file/rooted.ts';

const UNIFIED = '29 24 0:25 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';

function controllers(...lines: string[]) {
  const { controller } = parseHierarchies(`${lines.join('\n')}\n`, createRootedPaths('/'));
  return (name: string) => {
    const { version, directory } = controller(name) ?? {};
    return directory && `v${version} ${directory}`;
  };
}

test('v2 speaks for every controller', () => {
  const of = controllers('25 1 254:0 / / rw - ext4 /dev/vda rw', UNIFIED, 'broken');
  expect(['cpu', 'memory'].map(of)).toEqual(['v2 /sys/fs/cgroup', 'v2 /sys/fs/cgroup']);
});

test('v1 speaks for what is mounted there, v2 beside it for the rest', () => {
  const of = controllers(
    '30 29 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    '31 29 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd',
    '32 29 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
  );
  expect(of('cpuacct')).toBe('v1 /sys/fs/cgroup/cpu,cpuacct');
  expect(of('memory')).toBe('v2 /sys/fs/cgroup/unified');
  expect(controllers('broken')('cpu')).toBeUndefined();
});

test('a part of the hierarchy that is mounted elsewhere, as for a container, is not the whole', () => {
  const part = (id: number) =>
    `${id} 24 0:25 /kubepods.slice/a /run/a/sys/fs/cgroup ro - cgroup2 cgroup rw`;
  expect(controllers(part(20), UNIFIED, part(40))('cpu')).toBe('v2 /sys/fs/cgroup');
});

test('a space in the path is written as the kernel does', () => {
  expect(controllers(UNIFIED.replace('/sys/fs', '/my\\040host'))('cpu')).toBe('v2 /my host/cgroup');
});
