import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openIoV1 } from '../../../src/platform/cgroupfs/blkio.ts';
import { type DeviceIo, openIoV2 } from '../../../src/platform/cgroupfs/io.ts';
import { type KernelFiles, makeKernelFiles } from '../kernel-files.ts';

const made: KernelFiles[] = [];
let root: KernelFiles;
beforeEach(() => {
  root = makeKernelFiles();
  made.push(root);
});
afterAll(() => {
  for (const each of made) each.remove();
});

function readV2(content: string): DeviceIo[] {
  root.write('io.stat', content);
  const reader = openIoV2(root.path, root.files);
  const devices = reader.read();
  reader.close();
  return devices ?? [];
}

function told(device: DeviceIo | undefined): object {
  return Object.fromEntries(
    Object.entries(device ?? {}).filter(([, value]) => value !== undefined),
  );
}

describe('io.stat', () => {
  test('of a real kernel 6.1', () => {
    const [swap, root] = readV2(
      '254:32 rbytes=49152 wbytes=41799680 rios=4 wios=73 dbytes=0 dios=0\n254:0 rbytes=103773184 wbytes=57430016 rios=1013 wios=247 dbytes=0 dios=0\n',
    );
    const device = { readBytes: 49_152, writeBytes: 41_799_680, reads: 4, writes: 73 };
    expect(told(swap)).toEqual({ major: 254, minor: 32, ...device });
    expect(root).toMatchObject({ major: 254, minor: 0, readBytes: 103_773_184, writes: 247 });
  });

  test('a cgroup that never did I/O has none; one without the file tells nothing', () => {
    expect(readV2('')).toEqual([]);
    expect(openIoV2(`${root.path}/none`, root.files).read()).toBeUndefined();
    expect(root.failed).toEqual([]);
  });

  test('of more devices than a buffer holds, none is cut off in the midst of a figure', () => {
    const line = (minor: number) =>
      `8:${minor} rbytes=123456789012 wbytes=123456789012 rios=1234567 wios=1234567\n`;
    const devices = readV2(Array.from({ length: 2000 }, (_, minor) => line(minor)).join(''));
    expect(devices).toHaveLength(2000);
    expect(devices.every(({ readBytes }) => readBytes === 123_456_789_012)).toBe(true);
    expect(devices.every(({ writes }) => writes === 1_234_567)).toBe(true);
  });

  test('the time of iocost is in microseconds; keys of tomorrow are passed over', () => {
    const [device] = readV2(
      '8:16 rbytes=1 future=5 wbytes=2 rios=3 wios=4 dbytes=0 dios=0 cost.vrate=100.00 cost.usage=1500000 cost.wait=250000 cost.indebt=0 cost.indelay=7 use_delay=1\n',
    );
    expect(told(device)).toEqual({
      ...{ major: 8, minor: 16, readBytes: 1, writeBytes: 2, reads: 3, writes: 4 },
      ...{ costUsageSeconds: 1.5, costWaitSeconds: 0.25, costIndebtSeconds: 0 },
      costIndelaySeconds: 7e-6,
    });
  });

  // As https://github.com/canonical/lxd/issues/10052 shows it.
  test('devices without figures that share a line with the next do not take its figures', () => {
    const devices = readV2(
      '7:7 7:6 7:5 7:4 rbytes=28672 wbytes=0 rios=22 wios=0 dbytes=0 dios=0\n7:3 rbytes=5 wbytes=0 rios=1 wios=0\n',
    );
    expect(devices.filter(({ readBytes }) => readBytes !== undefined)).toMatchObject([
      { major: 7, minor: 4, readBytes: 28_672, reads: 22 },
      { major: 7, minor: 3, readBytes: 5 },
    ]);
  });

  test.each([
    ['254:0 \n', 'a device without figures'],
    ['(unknown) rbytes=5 wbytes=0 rios=1 wios=0\n', 'a device that the kernel cannot name'],
    ['254 rbytes=5\n', 'a device without a minor number'],
    ['254:0', 'a line that was cut off'],
  ])('%j gives no figure: %s', (line) => {
    const figures = readV2(line).map(({ readBytes, reads }) => [readBytes, reads]);
    expect(figures.flat().filter((value) => value !== undefined)).toEqual([]);
  });
});

describe('blkio', () => {
  const table = (device: string, read: number, write: number) =>
    `${device} Read ${read}\n${device} Write ${write}\n${device} Sync ${read}\n${device} Async 0\n${device} Discard 0\n${device} Total ${read + write}\nTotal ${read + write}\n`;
  const readV1 = () => {
    const reader = openIoV1(root.path, root.files);
    const devices = reader.read();
    reader.close();
    return devices ?? [];
  };

  test('throttle.* of a real kernel 6.1; Total names no device', () => {
    root.write('blkio.throttle.io_service_bytes_recursive', table('254:0', 2_752_512, 6_553_600));
    root.write('blkio.throttle.io_serviced_recursive', table('254:0', 42, 100));
    expect(readV1().map(told)).toEqual([
      { major: 254, minor: 0, readBytes: 2_752_512, writeBytes: 6_553_600, reads: 42, writes: 100 },
    ]);
  });

  test('a leaf without a rule counts nothing: its zeros are no figures', () => {
    for (const name of ['io_service_bytes', 'io_serviced']) {
      root.write(`blkio.throttle.${name}`, `${table('8:0', 0, 0)}`);
      root.write(`blkio.throttle.${name}_recursive`, 'Total 0\n');
    }
    expect(readV1()).toEqual([]);
  });

  test('the order of policies: bfq, cfq, throttle with children, throttle', () => {
    const policies = ['throttle.', 'throttle.', '', 'bfq.'];
    const files = ['', '_recursive', '_recursive', '_recursive'];
    for (const [i, policy] of policies.entries()) {
      root.write(`blkio.${policy}io_service_bytes${files[i]}`, table('8:0', i + 1, 1));
      expect(readV1()[0]?.readBytes, `${policy} ${files[i]}`).toBe(i + 1);
    }
  });

  test('a policy that lists no device gives way to the next', () => {
    root.write('blkio.bfq.io_service_bytes_recursive', 'Total 0\n');
    root.write('blkio.throttle.io_service_bytes', table('8:0', 5, 6));
    expect(readV1()).toMatchObject([{ readBytes: 5, writeBytes: 6 }]);
  });

  test('cfq tells merges, times in ns and what is under way', () => {
    root.write('blkio.io_service_bytes_recursive', table('259:3', 4096, 0));
    root.write('blkio.io_merged_recursive', table('259:3', 3, 4));
    root.write('blkio.io_service_time_recursive', table('259:3', 1_500_000_000, 250_000_000));
    root.write('blkio.io_queued_recursive', table('259:3', 1, 1));
    expect(readV1().map(told)).toEqual([
      {
        ...{ major: 259, minor: 3, readBytes: 4096, writeBytes: 0 },
        ...{ readsMerged: 3, writesMerged: 4, inProgress: 2 },
        ...{ readSeconds: 1.5, writeSeconds: 0.25, ioSeconds: 1.75 },
      },
    ]);
  });

  test('a device that has counted nothing stands not beside one that has', () => {
    root.write('blkio.throttle.io_service_bytes', table('8:0', 0, 0) + table('8:16', 9, 0));
    expect(readV1().map(({ minor }) => minor)).toEqual([16]);
  });

  test('of more devices than a buffer holds, none is cut off in the midst of a figure', () => {
    const tables = Array.from({ length: 2000 }, (_, i) => table(`8:${i}`, 987_654_321, 1234));
    root.write('blkio.throttle.io_service_bytes', tables.join(''));
    const devices = readV1();
    expect(devices).toHaveLength(2000);
    expect(devices.every(({ readBytes }) => readBytes === 987_654_321)).toBe(true);
    expect(devices.every(({ writeBytes }) => writeBytes === 1234)).toBe(true);
  });

  test('a row whose device the kernel cannot name takes no other row with it', () => {
    const unknown = table('(unknown)', 7, 7);
    root.write('blkio.throttle.io_service_bytes', `${unknown}${table('8:0', 5, 6)}`);
    expect(readV1()).toMatchObject([{ major: 8, minor: 0, readBytes: 5, writeBytes: 6 }]);
  });

  test.each(['max:0', '8:max x', '-:0', ':0', '8:'])('%j names no device', (device) => {
    root.write('blkio.throttle.io_service_bytes', `${device} Read 5\n${device} Total 5\n`);
    expect(readV1()).toEqual([]);
  });

  test('half a line borrows no number from the next', () => {
    root.write('blkio.throttle.io_service_bytes', '8\n9:1 Read 5\n9:1 Total 5\n8:0 Read\n77\n');
    expect(readV1().map(told)).toEqual([{ major: 9, minor: 1, readBytes: 5 }]);
  });
});

test('whatever the files hold, nothing is thrown and no figure is NaN', () => {
  const word = fc.constantFrom(
    '8:0',
    '7:7',
    'Read',
    'Total',
    'rbytes=',
    '=',
    '-1',
    'max',
    '9',
    ':',
  );
  const gap = fc.constantFrom(' ', '\n', '');
  const words = fc.array(fc.tuple(word, gap)).map((pairs) => pairs.flat().join(''));
  const noise = fc.oneof(words, fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(noise, (content) => {
      root.write('blkio.throttle.io_service_bytes', content);
      const v1 = openIoV1(root.path, root.files);
      const devices = [...readV2(content), ...(v1.read() ?? [])];
      v1.close();
      for (const value of devices.flatMap((device) => Object.values(device))) {
        expect(value).not.toBeNaN();
      }
    }),
  );
});
