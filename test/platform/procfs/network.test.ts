import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { readInterfaces } from '../../../src/platform/procfs/network.ts';
import { makeKernelFiles } from '../kernel-files.ts';

const root = makeKernelFiles();
afterAll(() => root.remove());

const HEADER =
  'Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';
const COLUMNS = '67428 74 1 2 0 0 0 0 67358 73 3 4 0 0 0 0';
const STATS = {
  ...{ receivedBytes: 67_428, receivedPackets: 74, receiveErrors: 1, receiveDropped: 2 },
  ...{ sentBytes: 67_358, sentPackets: 73, sendErrors: 3, sendDropped: 4 },
};

function read(lines: string | Buffer): ReturnType<typeof readInterfaces> {
  const path = root.write('dev', '');
  writeFileSync(path, Buffer.concat([Buffer.from(HEADER), Buffer.from(lines)]));
  return readInterfaces(path, root.files);
}

function namesOf(lines: string): string[] {
  return read(lines).map(({ name }) => name);
}

test('of a real pod: eth0, and no lo', () => {
  const found = read(
    '    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n  eth0:   67428      74    1    2    0     0          0         0    67358      73    3    4    0     0       0          0\n',
  );
  expect(found).toEqual([{ name: 'eth0', ...STATS }]);
});

test('what the kubelet leaves out, and what only looks like it', () => {
  const hidden = ['lo', 'lo0', 'LO', 'veth12ab', 'docker0', 'Docker_gwbridge', 'nerdctl0'];
  const shown = ['eth0', 'ens5', 'eth0.100', 'wlo1', 'my-veth', 'cni0', 'cilium_host', 'bond0'];
  const lines = [...hidden, ...shown].map((name) => `${name}: ${COLUMNS}\n`);
  expect(namesOf(lines.join(''))).toEqual(shown);
});

test('old kernels put no space behind the colon of a long name or number', () => {
  expect(read(`  eth0:${COLUMNS}\nenp0s31f6.4094:${COLUMNS}\n`)).toEqual([
    { name: 'eth0', ...STATS },
    { name: 'enp0s31f6.4094', ...STATS },
  ]);
});

test('names with quotes, backslashes and other letters are taken as they are', () => {
  for (const name of ['a"b', 'a\\b', 'a{b}=', '%eth0', '-', 'a,b']) {
    expect(namesOf(`${name}: ${COLUMNS}\n`)).toEqual([name]);
  }
});

test('names that are no UTF-8 are never taken for one another', () => {
  const line = (name: number[]) =>
    Buffer.concat([Buffer.from(name), Buffer.from(`: ${COLUMNS}\n`)]);
  const found = read(Buffer.concat([line([0xff]), line([0xfe]), line([0x65, 0xc3, 0xa9])]));
  const names = found.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('e\u00e9');
});

test('numbers of 64 bits are rounded once, and never to less than a smaller one', () => {
  const bytes = (text: string) =>
    read(`eth0: ${text} 1 0 0 0 0 0 0 ${text} 1 0 0 0 0 0 0\n`)[0]?.receivedBytes;
  expect(bytes('9007199254740993')).toBe(9_007_199_254_740_992);
  expect(bytes('4294967296')).toBe(2 ** 32);
  expect(bytes('1152921504606846976')).toBe(2 ** 60);
});

test.each([
  ['eth0: 1 2 3\n', 'too few columns'],
  ['eth0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n', 'no colon'],
  [`eth0: ${COLUMNS.replace(' 74', ' x')}\n`, 'a column that is no number'],
  ['', 'headers alone'],
])('%j is left out: %s', (lines) => {
  expect(read(lines)).toEqual([]);
});

test('a broken line takes no other with it', () => {
  expect(namesOf(`eth0: 1 2\neth1: ${COLUMNS}\n`)).toEqual(['eth1']);
});

test('a process that is gone has no interfaces, and that is no failure', () => {
  expect(readInterfaces(`${root.path}/gone/net/dev`, root.files)).toEqual([]);
  expect(root.failed).toEqual([]);
});

test('random bytes are never thrown over, and give no NaN and no name twice', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant(COLUMNS))),
      (parts) => {
        const found = read(parts.join(':'));
        for (const value of found.flatMap((stats) => Object.values(stats))) {
          expect(value).not.toBeNaN();
        }
        expect(new Set(found.map(({ name }) => name)).size).toBe(found.length);
      },
    ),
  );
});
