import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { createFdBudget } from '../../../src/platform/file/fd-budget.ts';
import { createFileStore } from '../../../src/platform/file/file-store.ts';
import { countOpenFiles, type OpenFiles } from '../../../src/platform/procfs/open-files.ts';
import { openOwnFiles } from '../../../src/platform/procfs/own-files.ts';

const listener = { failed() {}, recovered() {}, gone() {} };

function looksAt(own?: ReturnType<typeof openOwnFiles>): [OpenFiles | undefined, number] {
  const work = countOpenFiles('/proc', [process.pid], () => {}, own);
  for (let turns = 0; ; turns++) {
    const { done, value } = work.next();
    if (done) return [value, turns];
  }
}

test('this process counts as any other, without a look at each file that it keeps', async () => {
  const files = createFileStore(createFdBudget(300), listener);
  const own = openOwnFiles('/proc', files);
  expect(own.pid).toBe(process.pid);
  const kept = Array.from({ length: 300 }, () => files.open('/proc/self/stat'));
  for (const file of kept) file.read();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Gaps between the descriptors.
  for (const file of kept.slice(50, 100)) file.close();
  const [listed] = looksAt();
  // The list itself is one more file that is open.
  const descriptors = (listed?.descriptors ?? 0) - 1;
  expect(listed?.sockets).toBeGreaterThan(0);
  expect(descriptors).toBeGreaterThan(250);
  const counted = { descriptors, sockets: listed?.sockets };
  const isToldByKernel = statSync(`/proc/${process.pid}/fd`).size > 0;
  expect(own.count()).toEqual(isToldByKernel ? counted : undefined);
  expect(looksAt(own)).toEqual([isToldByKernel ? counted : listed, 0]);
  expect(looksAt({ ...own, count: () => undefined })).toEqual([listed, 0]);
  for (const file of kept) file.close();
  await new Promise((resolve) => server.close(resolve));
});

test('a file that was closed is not kept', () => {
  const files = createFileStore(createFdBudget(1), listener);
  const file = files.open('/proc/self/stat');
  const numbers = Array.from({ length: 1000 }, (_, fd) => fd);
  expect(numbers.filter(files.isKept)).toEqual([]);
  file.read();
  expect(numbers.filter(files.isKept).length).toBe(1);
  file.close();
  expect(numbers.filter(files.isKept)).toEqual([]);
});

test('a copy of /proc has no process of ours', () => {
  const own = openOwnFiles(tmpdir(), createFileStore(createFdBudget(1), listener));
  expect(own.pid).toBeUndefined();
});
