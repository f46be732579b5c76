import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StorageError } from '../../../src/component/storage.ts';
import { bytesOf, filesOf, makeFolder, numbered, numbersOf, openLog, takeAll } from './opened.ts';

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

test('first in, first out; what was not removed is there again after a restart', async () => {
  const folder = makeFolder();
  const { log } = await openLog(folder);
  for (const number of upTo(50)) await log.append([numbered(number)]);
  expect(log.stored).toEqual({ records: 50, points: 1225, bytes: 5000 });
  const records = await takeAll(log);
  expect(numbersOf(records)).toEqual(upTo(50));
  expect(records[7]?.points).toBe(7);
  for (const i of [0, 1, 3, 49]) await records[i]?.remove();
  await log.close();

  const { log: again, damage } = await openLog(folder);
  const left = upTo(49).filter((i) => ![0, 1, 3].includes(i));
  expect(again.stored.records).toBe(46);
  expect(again.waiting).toBe(46);
  expect(numbersOf(await takeAll(again))).toEqual(left);
  expect(again.waiting).toBe(0);
  expect(damage).toEqual([]);
});

test('records of any size, also empty ones and those larger than a file or a window', async () => {
  const folder = makeFolder();
  const { log } = await openLog(folder);
  const sizes = [8, 65_536, 65_511, 200_000, 9, 4096, 12_000_000, 8];
  await log.append(sizes.map((size, i) => numbered(i, size)));
  await log.append([{ bytes: Buffer.alloc(0), points: 3 }]);
  await log.close();
  const { log: again } = await openLog(folder);
  const records = await takeAll(again);
  expect(records.map(({ bytes }) => bytes.length)).toEqual([...sizes, 0]);
  for (const [i, record] of records.slice(0, -1).entries()) {
    expect(record.bytes.equals(numbered(i, sizes[i]).bytes)).toBe(true);
  }
});

test('files go with what was in them, and an empty log has none', async () => {
  const folder = makeFolder();
  const { log, budget } = await openLog(folder);
  for (const number of upTo(200)) await log.append([numbered(number)]);
  expect(filesOf(folder).length).toBeGreaterThan(5);
  expect(budget.used).toBe(bytesOf(folder));
  const records = await takeAll(log);
  // One in each file may be the last.
  for (const record of records.toReversed()) {
    await record.remove();
    expect(budget.used).toBe(bytesOf(folder));
  }
  expect(bytesOf(folder)).toBe(0);
  expect(log.stored).toEqual({ records: 0, points: 0, bytes: 0 });
  for (const number of upTo(3)) await log.append([numbered(number)]);
  for (const record of await takeAll(log)) await record.remove();
  expect(filesOf(folder)).toHaveLength(1);
  await log.close();
  expect(filesOf(folder)).toEqual([]);
});

test('a file that was emptied is read anew', async () => {
  const { log, damage } = await openLog(makeFolder());
  for (const round of upTo(4)) {
    // Too much to be kept in memory, so that it is read.
    const kept = await log.append([numbered(round, 60 + round), numbered(9, 9 * 2 ** 20)]);
    expect(kept).toBe(false);
    const records = await takeAll(log);
    expect(numbersOf(records)).toEqual([round, 9]);
    for (const record of records) await record.remove();
    expect(log.size().bytes).toBe(0);
  }
  expect(damage).toEqual([]);
});

test('the next record is found wherever its mark stands', async () => {
  for (const size of upTo(20, 65_496)) {
    const folder = makeFolder();
    const { log: before } = await openLog(folder);
    await before.append([numbered(1, size), numbered(2)]);
    await before.close();
    const [path = ''] = filesOf(folder);
    const bytes = readFileSync(path);
    bytes[9] = 99;
    writeFileSync(path, bytes);
    const { log } = await openLog(folder);
    expect(numbersOf(await takeAll(log))).toEqual([2]);
  }
});

test('what is taken at once is not read; what waits behind 8 MiB is not in memory', async () => {
  const { log } = await openLog(makeFolder());
  const [first, second, third] = [5, 2, 3].map((mebibytes, i) => numbered(i, mebibytes * 2 ** 20));
  expect(await log.append([first as never])).toBe(true);
  expect(await log.append([second as never])).toBe(true);
  expect(await log.append([third as never])).toBe(false);
  // Behind what has to be read, nothing is kept: the order would be lost.
  expect(await log.append([numbered(3)])).toBe(false);
  expect(log.waiting).toBe(4);
  const records = await takeAll(log);
  expect(records.map(({ bytes }) => bytes === first?.bytes || bytes === second?.bytes)).toEqual([
    ...[true, true, false, false],
  ]);
  expect(numbersOf(records)).toEqual([0, 1, 2, 3]);
});

test('records are added while others are taken and removed: each is given once', async () => {
  const { log } = await openLog(makeFolder(), { segmentBytes: 1000 });
  const got: number[] = [];
  const add = async (from: number) => {
    for (const number of upTo(100, from)) await log.append([numbered(number, 8 + (number % 300))]);
  };
  const send = async () => {
    while (got.length < 400) {
      const record = await log.take(Buffer.alloc);
      if (record === undefined) await new Promise(setImmediate);
      else {
        got.push(...numbersOf([record]));
        await record.remove();
      }
    }
  };
  const senders = [send(), send(), send()];
  await Promise.all([add(0), add(100), add(200), add(300), ...senders]);
  expect(got.sort((a, b) => a - b)).toEqual(upTo(400));
  expect(log.size().bytes).toBe(0);
});

test('a bound is kept: what is over it is refused as a whole, and room comes back', async () => {
  const folder = makeFolder();
  const { log, budget } = await openLog(folder, { max: 10_000, segmentBytes: 2000 });
  let stored = 0;
  await expect(async () => {
    for (;;) {
      await log.append([numbered(stored), numbered(stored + 1)]);
      stored += 2;
    }
  }).rejects.toThrow(StorageError);
  expect(stored * 125).toBe(10_000);
  expect(bytesOf(folder)).toBe(10_000);
  const records = await takeAll(log);
  expect(records).toHaveLength(80);
  // Room is made in files that hold others still.
  for (const i of upTo(80).filter((each) => each % 4 !== 0)) await records[i]?.remove();
  await log.append([numbered(1000), numbered(1001)]);
  expect(budget.used).toBe(bytesOf(folder));
  expect(bytesOf(folder)).toBeLessThan(4000);
  await log.close();
  const { log: again, damage } = await openLog(folder);
  const left = upTo(80).filter((each) => each % 4 === 0);
  expect(numbersOf(await takeAll(again))).toEqual([...left, 1000, 1001]);
  expect(damage).toEqual([]);
});

test('compaction keeps what was not sent, taken or not, and what is taken can be removed', async () => {
  const folder = makeFolder();
  const { log: before } = await openLog(folder, { segmentBytes: 50_000 });
  await before.append(upTo(100).map((number) => numbered(number)));
  const some = await takeAll(before);
  for (const i of upTo(100).filter((each) => each % 2 === 0)) await some[i]?.remove();
  await before.close();

  const { log } = await openLog(folder, { segmentBytes: 50_000 });
  const taken = [];
  for (let i = 0; i < 20; i++) taken.push(await log.take(Buffer.alloc));
  for (const i of [0, 2, 4]) await taken[i]?.remove();
  await log.compact();
  expect(log.size()).toEqual({ bytes: 47 * 125, waste: 0 });
  expect(bytesOf(folder)).toBe(47 * 125);
  await taken[1]?.remove();
  await taken[19]?.remove();
  await log.append([numbered(500)]);
  expect(numbersOf(await takeAll(log))).toEqual([...upTo(30, 20).map((i) => 2 * i + 1), 500]);
  await log.close();

  const { log: again } = await openLog(folder);
  const gone = [0, 1, 2, 4, 19].map((i) => 2 * i + 1);
  const left = upTo(50).map((i) => 2 * i + 1);
  expect(numbersOf(await takeAll(again))).toEqual([
    ...left.filter((each) => !gone.includes(each)),
    500,
  ]);
});

test('files of others are left alone', async () => {
  const folder = makeFolder();
  const { log } = await openLog(folder);
  await log.append([numbered(1)]);
  await log.close();
  const [path = ''] = filesOf(folder);
  writeFileSync(join(folder, 'log', 'notes.txt'), 'mine');
  writeFileSync(path.replace('.proto', '.json').replace('00001-', '00009-'), 'other format');
  const { log: again, budget } = await openLog(folder);
  expect(again.foreignBytes).toBe(12);
  expect(numbersOf(await takeAll(again))).toEqual([1]);
  await again.append([numbered(2)]);
  expect(filesOf(folder).filter((each) => each.includes('/000000000010-'))).toHaveLength(1);
  expect(budget.used).toBe(bytesOf(folder) - 4);
  expect(statSync(join(folder, 'log', 'notes.txt')).size).toBe(4);
});
