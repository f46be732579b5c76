import { readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { filesOf, makeFolder, numbered, numbersOf, openLog, takeAll } from './opened.ts';

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

test('files that are deleted cost what was in them, and nothing else', async () => {
  const folder = makeFolder();
  const { log: before } = await openLog(folder);
  for (const number of upTo(100)) await before.append([numbered(number)]);
  await before.close();
  const { log, damage } = await openLog(folder);
  const [, second = ''] = filesOf(folder);
  unlinkSync(second);
  const numbers = numbersOf(await takeAll(log));
  expect(numbers).toEqual([...upTo(32), ...upTo(36, 64)]);
  expect(damage).toEqual([upTo(32, 32).reduce((sum, each) => sum + each)]);
  expect(log.stored.records).toBe(68);
  // Also that which is being written to.
  await log.append([numbered(100)]);
  for (const path of filesOf(folder)) rmSync(path);
  await log.append([numbered(101)]);
  await log.close();
  const { log: again } = await openLog(folder);
  expect(numbersOf(await takeAll(again))).toEqual([101]);
});

test('what of a deleted file is in memory is sent, and not told as lost too', async () => {
  const folder = makeFolder();
  const { log, damage } = await openLog(folder, { segmentBytes: 10 * 2 ** 20 });
  await log.append([numbered(1)]);
  await log.append([numbered(2)]);
  const [taken] = [await log.take(Buffer.alloc)];
  await log.append([numbered(3, 9 * 2 ** 20)]);
  // The next file is begun, and the first is closed.
  await log.append([numbered(4, 2 * 2 ** 20)]);
  unlinkSync(filesOf(folder)[0] as string);
  expect(numbersOf(await takeAll(log))).toEqual([2, 4]);
  expect(damage).toEqual([3]);
  await taken?.remove();
  expect(log.stored.records).toBe(1);
});

test('a file that is cut while the agent runs costs what was cut off', async () => {
  const folder = makeFolder();
  const { log: before } = await openLog(folder);
  await before.append(upTo(10).map((number) => numbered(number)));
  await before.close();
  const { log, damage } = await openLog(folder);
  truncateSync(filesOf(folder)[0] as string, 6 * 125 + 60);
  expect(numbersOf(await takeAll(log))).toEqual(upTo(6));
  expect(damage.length).toBeGreaterThan(0);
  expect(log.waiting).toBe(0);
});

test('a record in the payload of another, such as a tenant may write, is never one', async () => {
  const folder = makeFolder();
  const { log: before } = await openLog(folder);
  await before.append([numbered(1), numbered(2)]);
  await before.close();
  const [path = ''] = filesOf(folder);
  const bytes = readFileSync(path);
  const { log: writer } = await openLog(folder);
  await writer.append([{ bytes, points: 1 }, numbered(3)]);
  await writer.close();
  const target = filesOf(folder)[1] as string;
  const held = readFileSync(target);
  // Its header is damaged, so that the next is looked for in its payload.
  held[10] = 99;
  writeFileSync(target, held);
  const { log, damage } = await openLog(folder);
  expect(numbersOf(await takeAll(log))).toEqual([1, 2, 3]);
  expect(damage).toEqual([0]);
});

test('a bad block of the disk is tried again, and then costs what was in it', async () => {
  const folder = makeFolder();
  const { log: before } = await openLog(folder, { segmentBytes: 1_000_000 });
  await before.append(upTo(20).map((number) => numbered(number, 10_000)));
  await before.close();
  const handle = await open(folder, 'r');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { read } = prototype;
  // Within the payload of the fourth record.
  const isBad = (at: number, length: number) => at < 36_000 && at + length > 35_000;
  vi.spyOn(prototype, 'read').mockImplementation(async function (this: unknown, ...args) {
    const [, , length, at] = args as [Buffer, number, number, number];
    if (isBad(at, length)) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    return read.apply(this, args);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const { log, damage } = await openLog(folder);
  const numbers: number[] = [];
  let failures = 0;
  while (log.waiting > 0) {
    try {
      const record = await log.take(Buffer.alloc);
      if (record !== undefined) numbers.push(...numbersOf([record]));
    } catch {
      failures++;
    }
  }
  expect(numbers).toEqual(upTo(20).filter((number) => number !== 3));
  expect(damage).toEqual([0]);
  expect(failures).toBeGreaterThan(1);
});
