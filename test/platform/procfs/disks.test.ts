import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { parseMountedDevices, readDisks } from '../../../src/platform/procfs/disks.ts';
import { makeKernelFiles } from '../kernel-files.ts';

const root = makeKernelFiles();
afterAll(() => root.remove());
const read = (content: string) => readDisks(root.write('diskstats', content), root.files);

// A real line of kernel 6.1: 17 figures.
const REAL = ' 254       0 vda 1031 31 204938 524 266 91 114128 1973 3 744 2580 0 0 0 0 51 83\n';
const STATS = {
  ...{ major: 254, minor: 0, name: 'vda', isPartition: false },
  ...{ reads: 1031, readsMerged: 31, sectorsRead: 204_938, readSeconds: 0.524 },
  ...{ writes: 266, writesMerged: 91, sectorsWritten: 114_128, writeSeconds: 1.973 },
  ...{ inProgress: 3, ioSeconds: 0.744, weightedSeconds: 2.58 },
};

test('times are in ms, whatever the kernel adds behind', () => {
  const line = (figures: number) =>
    `${REAL.trim()
      .split(/ +/)
      .slice(0, 3 + figures)
      .join(' ')}\n`;
  // Since 2.6, 4.18 (discards) and 5.5 (flushes).
  for (const figures of [11, 15, 17]) expect(read(line(figures))).toEqual([STATS]);
  expect(read(REAL)).toEqual([STATS]);
  expect(read(REAL.replace('\n', ' 1 2 3\n'))).toEqual([STATS]);
});

test('a partition is told from its disk by name, where the disk is there', () => {
  const names = ['nvme0n1', 'nvme0n1p1', 'sda', 'sda1', 'sda15', 'mmcblk0', 'mmcblk0p2', 'md0'];
  const wholes = ['md127', 'dm-0', 'dm-10', 'loop0', 'xvdb1', 'nbd0', 'sr0', 'nvme1n1', 'zd16'];
  const found = read(
    [...names, ...wholes]
      .map((name, i) => REAL.replace('vda', name).replace('0 ', `${i} `))
      .join(''),
  );
  expect(found.filter(({ isPartition }) => isPartition).map(({ name }) => name)).toEqual([
    'nvme0n1p1',
    'sda1',
    'sda15',
    'mmcblk0p2',
  ]);
  expect(found).toHaveLength(names.length + wholes.length);
});

test.each([
  ['', 'nothing'],
  ['   8       1 sda1 35486 0 35496 38030\n', 'the short line of a 2.6 partition'],
  [REAL.replace('1031', '-1'), 'a negative number'],
  [REAL.replace('vda', 'v da'), 'a name in two'],
  ['garbage\n', 'garbage'],
])('%j gives no device: %s', (content) => {
  expect(read(content)).toEqual([]);
});

test('a broken line takes no other with it; without the file there are none', () => {
  expect(read(`garbage\n${REAL}`)).toEqual([STATS]);
  expect(readDisks(`${root.path}/none`, root.files)).toEqual([]);
  expect(root.failed).toEqual([]);
});

test('random bytes are never thrown over, and give nothing negative', () => {
  const noise = fc.array(fc.oneof(fc.constantFrom(' ', '\n', '254', 'vda', REAL), fc.string()));
  fc.assert(
    fc.property(noise, (parts) => {
      for (const { name: _, isPartition: __, ...figures } of read(parts.join(''))) {
        for (const value of Object.values(figures)) expect(value).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test('block devices with a file system, each once, whatever is mounted beside', () => {
  const mountinfo = [
    '25 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
    '26 25 0:22 / /run rw - tmpfs tmpfs rw',
    '30 26 0:4 net:[4026532206] /run/netns/a rw - nsfs nsfs rw',
    '31 25 253:1 / /var rw,relatime shared:1 master:2 - xfs /dev/mapper/vg-var rw,attr2',
    '32 31 253:1 /lib/kubelet /var/lib/kubelet rw shared:1 - xfs /dev/mapper/vg-var rw',
    '33 31 0:50 / /mnt rw - nfs4 server:/dev/sda rw',
    'broken',
  ];
  expect(parseMountedDevices(`${mountinfo.join('\n')}\n`)).toEqual([
    { major: 254, minor: 0, source: '/dev/vda' },
    { major: 253, minor: 1, source: '/dev/mapper/vg-var' },
  ]);
});
