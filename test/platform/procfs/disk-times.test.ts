import { expect, test } from 'vitest';
import { createDiskTimes } from '../../../src/platform/procfs/disk-times.ts';
import type { DiskStats } from '../../../src/platform/procfs/disks.ts';

const WRAP = 4_294_967.296;
const DISK: DiskStats = {
  ...{ major: 254, minor: 0, name: 'vda', isPartition: false, inProgress: 0 },
  ...{ reads: 10, readsMerged: 0, sectorsRead: 0, readSeconds: 4_294_960 },
  ...{ writes: 10, writesMerged: 0, sectorsWritten: 0, writeSeconds: 1 },
  ...{ ioSeconds: 4_294_967, weightedSeconds: 4_294_967 },
};

test('32 bits of milliseconds wrap, the times go on', () => {
  const times = createDiskTimes();
  expect(times.unwrap([DISK])).toEqual([DISK]);
  const later = { ...DISK, reads: 11, ioSeconds: 3, weightedSeconds: 5 };
  const [first] = times.unwrap([later]);
  expect(first?.ioSeconds).toBeCloseTo(WRAP + 3);
  expect(first?.weightedSeconds).toBeCloseTo(WRAP + 5);
  expect(first?.readSeconds).toBe(4_294_960);
  times.unwrap([{ ...later, weightedSeconds: 4_294_900 }]);
  const [second] = times.unwrap([{ ...later, weightedSeconds: 2 }]);
  expect(second?.ioSeconds).toBeCloseTo(WRAP + 3);
  expect(second?.weightedSeconds).toBeCloseTo(2 * WRAP + 2);
});

test('another device under the same name starts anew', () => {
  const times = createDiskTimes();
  times.unwrap([DISK]);
  const other = { ...DISK, reads: 1, writes: 0, ioSeconds: 0.5 };
  expect(times.unwrap([other])).toEqual([other]);
});

test('a time that went back by less is none that wrapped: it does not leap by seven weeks', () => {
  const times = createDiskTimes();
  const before = { ...DISK, readSeconds: 3000, ioSeconds: 5000 };
  times.unwrap([before]);
  // A busier disk was plugged in under the name, or an old kernel counted twice and took it back.
  const other = { ...before, reads: 99, writes: 99, readSeconds: 2999, ioSeconds: 40 };
  expect(times.unwrap([other])).toEqual([other]);
});
