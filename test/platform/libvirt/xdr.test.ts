import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DomainRecord,
  parseDomainStats,
  readRecords,
} from '../../../src/platform/libvirt/domain-stats.ts';
import { LibvirtProtocolError } from '../../../src/platform/libvirt/errors.ts';
import { parseGuestFilesystems } from '../../../src/platform/libvirt/guest-info.ts';
import { createKeyTrie } from '../../../src/platform/libvirt/key-trie.ts';
import { createMessageStream, encodeMessage } from '../../../src/platform/libvirt/message.ts';
import { readParameters } from '../../../src/platform/libvirt/parameters.ts';
import {
  createXdrReader,
  encodeInt,
  encodeString,
  expectEnd,
  readHyper,
  readInt,
  readString,
  readUnsignedHyper,
} from '../../../src/platform/libvirt/xdr.ts';
import { readExchange, recordedReply, replicateStats } from '../../support/libvirt/recorded.ts';

const HEADER = { program: 1, version: 2, procedure: 3, type: 1, serial: 4, status: 0 };

/** Bytes of one parameter, as libvirt would send it. */
function parameter(key: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([encodeString(key), encodeInt(type), value]);
}

function hyper(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
  return bytes;
}

describe('values', () => {
  test('64 bits are exact: a number as far as one is, then a bigint', () => {
    const values = [0n, 1n, -1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n];
    for (const value of [...values, 2n ** 63n - 1n, -(2n ** 63n)]) {
      const told = readHyper(createXdrReader(hyper(value)));
      expect(BigInt(told)).toBe(value);
      expect(typeof told).toBe(value < 2n ** 53n && value > -(2n ** 53n) ? 'number' : 'bigint');
    }
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
        const told = readUnsignedHyper(createXdrReader(hyper(value)));
        expect(BigInt(told)).toBe(value);
        expect(typeof told).toBe(value < 2n ** 53n ? 'number' : 'bigint');
      }),
    );
  });

  test('strings and integers come back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer(), (text, number) => {
        const reader = createXdrReader(Buffer.concat([encodeString(text), encodeInt(number)]));
        expect(readString(reader)).toBe(text);
        expect(readInt(reader)).toBe(number);
        expectEnd(reader);
      }),
    );
  });

  test('each type of a parameter', () => {
    const bytes = Buffer.concat([
      encodeInt(7),
      parameter('int', 1, encodeInt(-7)),
      parameter('uint', 2, encodeInt(-1)),
      parameter('llong', 3, hyper(-8n)),
      parameter('ullong', 4, hyper(2n ** 64n - 1n)),
      parameter('double', 5, Buffer.from('3ff8000000000000', 'hex')),
      parameter('boolean', 6, encodeInt(1)),
      parameter('string', 7, encodeString('ö')),
    ]);
    const { layout, values } = readParameters(createXdrReader(bytes), createKeyTrie());
    expect(layout.keys).toEqual(['int', 'uint', 'llong', 'ullong', 'double', 'boolean', 'string']);
    expect(values).toEqual([-7, 4_294_967_295, -8, 2n ** 64n - 1n, 1.5, true, 'ö']);
  });

  test('what is negative, or was, is absent from the groups', () => {
    const bytes = Buffer.concat([
      encodeInt(4),
      parameter('cpu.time', 4, hyper(-1n)),
      parameter('cpu.user', 3, hyper(-5n)),
      parameter('cpu.system', 4, hyper(2n ** 53n + 1n)),
      parameter('net.3.rx.bytes', 7, encodeString('many')),
    ]);
    const parsed = parseDomainStats(readParameters(createXdrReader(bytes), createKeyTrie()));
    expect(parsed.cpu).toMatchObject({
      timeNanos: undefined,
      userNanos: undefined,
      systemNanos: 2 ** 53,
    });
    expect(parsed.interfaces).toMatchObject([{ index: 3, receiveBytes: undefined }]);
    expect(parsed.balloon).toBeUndefined();
  });
});

describe('the stream', () => {
  const messages = readExchange('exchange.txt');

  test('messages are found however it is cut', () => {
    const bytes = Buffer.concat(messages.map((message) => message.bytes));
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 30 }), (cuts) => {
        const stream = createMessageStream();
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const found = at
          .slice(1)
          .flatMap((to, i) => (at[i] === to ? [] : stream.take(bytes.subarray(at[i], to))));
        expect(found.map(({ body }) => body)).toEqual(messages.map(({ body }) => body));
      }),
    );
  });

  test('byte by byte, without joining again and again', () => {
    const bytes = encodeMessage(HEADER, [Buffer.alloc(200_000, 1)]);
    const stream = createMessageStream();
    const found = [...bytes].flatMap((byte) => stream.take(Buffer.from([byte])));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject(HEADER);
  });

  test.each([0, 4, 27, 32 * 1024 * 1024 + 5, 0xffffffff])('a length of %s is none', (length) => {
    expect(() => createMessageStream().take(encodeInt(length))).toThrow(LibvirtProtocolError);
  });
});

describe('recorded', () => {
  test('a call is made as libvirt makes it', () => {
    const [first] = readExchange('exchange-test.txt');
    const header = {
      program: 0x20008086,
      version: 1,
      procedure: 66,
      type: 0,
      serial: 1,
      status: 0,
    };
    expect(encodeMessage(header, [])).toEqual(first?.bytes);
  });

  test('the test driver tells a state alone', () => {
    const reader = createXdrReader(recordedReply('exchange-test.txt', 344));
    const [record] = readRecords(reader, createKeyTrie());
    expectEnd(reader);
    expect(record?.domain).toEqual({
      name: 'test',
      uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f',
      id: 1,
    });
    expect(record?.layout.keys).toEqual(['state.state', 'state.reason']);
    expect(record?.values).toEqual([1, 0]);
  });

  test('a domain of QEMU by group', () => {
    const reader = createXdrReader(recordedReply('exchange.txt', 344));
    const records = readRecords(reader, createKeyTrie());
    expectEnd(reader);
    const stats = parseDomainStats(records[0] as DomainRecord);
    expect(stats.state).toEqual({ state: 1 });
    expect(stats.vcpuCount).toEqual({ current: 2, maximum: 2 });
    expect(stats.vcpus.map(({ index }) => index)).toEqual([0, 1]);
    expect(stats.cpu?.timeNanos).toBeGreaterThan(stats.vcpus[0]?.timeNanos as number);
    expect(stats.balloon).toMatchObject({ maximumBytes: 192 * 2 ** 20, swapInBytes: 0 });
    expect(stats.balloon?.availableBytes).toBeGreaterThan(stats.balloon?.usableBytes as number);
    // net.count is 2; the user-mode interface has no other key.
    expect(stats.interfaces).toMatchObject([{ index: 0, name: 'vnet0', receiveErrors: 0 }]);
    expect(stats.blocks).toMatchObject([{ index: 0, name: 'vda', capacityBytes: 64 * 2 ** 20 }]);
  });

  test("the filesystems that a guest's agent told", () => {
    const info = readParameters(
      createXdrReader(recordedReply('exchange.txt', 418)),
      createKeyTrie(),
    );
    expect(parseGuestFilesystems(info)).toEqual([
      {
        ...{ name: 'vda', mountpoint: '/mnt/data', type: 'ext4' },
        ...{ totalBytes: 52_685_824, usedBytes: 5_257_216 },
      },
    ]);
  });

  test('domains with the same keys share them', () => {
    const records = readRecords(createXdrReader(replicateStats(50)), createKeyTrie());
    expect(new Set(records.map(({ layout }) => layout)).size).toBe(1);
    expect(records[49]?.domain.name).toBe('vm-00049');
  });
});

describe('hostile bytes', () => {
  test('any change of a reply is read or refused, at once', () => {
    const seed = replicateStats(3);
    const keys = createKeyTrie();
    const change = fc.record({
      at: fc.nat(seed.length - 1),
      value: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.nat(seed.length),
        (all, end) => {
          const bytes = Buffer.from(seed.subarray(0, end));
          for (const { at, value } of all) if (at < end) bytes[at] = value;
          try {
            for (const record of readRecords(createXdrReader(bytes), keys)) {
              expect(record.values).toHaveLength(record.layout.keys.length);
              parseDomainStats(record);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(LibvirtProtocolError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('rubbish is read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          readRecords(createXdrReader(Buffer.from(bytes)), createKeyTrie());
          createMessageStream().take(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(LibvirtProtocolError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['records', () => readRecords(createXdrReader(encodeInt(-1)), createKeyTrie())],
    ['parameters', () => readParameters(createXdrReader(encodeInt(0x7fffffff)), createKeyTrie())],
    ['a string', () => readString(createXdrReader(encodeInt(-1)))],
    [
      'a key',
      () =>
        readParameters(
          createXdrReader(Buffer.concat([encodeInt(1), encodeString('k'.repeat(257))])),
          createKeyTrie(),
        ),
    ],
  ])('a length of %s that is not there allocates nothing', (_, read) => {
    const before = process.memoryUsage().rss;
    expect(read).toThrow(LibvirtProtocolError);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  });

  test('keys without end are forgotten', () => {
    const keys = createKeyTrie();
    const before = heap();
    for (let round = 0; round < 300; round++) {
      const all = Array.from({ length: 1000 }, (_, i) =>
        // Each branches off at another place.
        parameter(i < round ? `${i}` : `${round}.${i}`, 1, encodeInt(i)),
      );
      const bytes = Buffer.concat([encodeInt(all.length), ...all]);
      expect(readParameters(createXdrReader(bytes), keys).values).toHaveLength(1000);
    }
    expect(heap() - before).toBeLessThan(30 * 2 ** 20);
    expect(keys.root.next.length).toBeGreaterThan(0);
  });

  function heap(): number {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    return process.memoryUsage().heapUsed;
  }
});
