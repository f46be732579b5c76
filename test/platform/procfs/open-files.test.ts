import { closeSync, mkdirSync, openSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { countOpenFiles, type OpenFiles } from '../../../src/platform/procfs/open-files.ts';
import { makeKernelFiles } from '../kernel-files.ts';

const root = makeKernelFiles();
afterAll(() => root.remove());
const GONE = 2 ** 22 + 7;

interface Count {
  readonly open: OpenFiles | undefined;
  readonly denied: string[];
  readonly turns: number;
}

function count(proc: string, pids: readonly number[]): Count {
  const denied: string[] = [];
  const work = countOpenFiles(proc, pids, (path) => denied.push(path));
  let turns = 0;
  for (;;) {
    const step = work.next();
    if (step.done) return { open: step.value, denied, turns };
    turns++;
  }
}

function makeProcess(pid: number, targets: readonly string[]): void {
  const folder = join(root.path, `${pid}/fd`);
  mkdirSync(folder, { recursive: true });
  for (const [fd, target] of targets.entries()) symlinkSync(target, join(folder, String(fd)));
}

test('this process: each new file and socket counts', async () => {
  const before = count('/proc', [process.pid]).open as OpenFiles;
  expect(before.descriptors).toBeGreaterThan(2);
  const fd = openSync('/dev/null', 'r');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const after = count('/proc', [process.pid]).open as OpenFiles;
  expect(after.descriptors).toBe(before.descriptors + 2);
  expect(after.sockets).toBe((before.sockets ?? 0) + 1);
  closeSync(fd);
  await new Promise((resolve) => server.close(resolve));
});

test('sockets of all processes are counted, and nothing that is only called so', () => {
  makeProcess(1, ['socket:[12]', '/dev/null', 'pipe:[13]', '/tmp/socket:[1]']);
  makeProcess(2, ['socket:[14]', 'anon_inode:[eventpoll]']);
  expect(count(root.path, [1, 2]).open).toEqual({ descriptors: 6, sockets: 2 });
});

test('processes that are gone count nothing; none at all is 0, all gone is unknown', () => {
  makeProcess(3, ['socket:[12]']);
  expect(count(root.path, [GONE, 3, GONE]).open).toEqual({ descriptors: 1, sockets: 1 });
  expect(count(root.path, []).open).toEqual({ descriptors: 0, sockets: 0 });
  expect(count(root.path, [GONE]).open).toBeUndefined();
  expect(count(root.path, [GONE]).denied).toEqual([]);
});

test('a folder that is none leaves the rows absent, and throws nothing over the pass', () => {
  root.write('4/fd', 'no folder');
  expect(count(root.path, [4]).open).toBeUndefined();
});

test('a descriptor that is no link leaves the sockets unknown', () => {
  root.write('5/fd/0', 'no link');
  expect(count(root.path, [5]).open).toEqual({ descriptors: 1, sockets: undefined });
});

test('many descriptors leave turns to others', () => {
  makeProcess(
    6,
    Array.from({ length: 1000 }, () => 'socket:[1]'),
  );
  const { open, turns } = count(root.path, [6]);
  expect(open).toEqual({ descriptors: 1000, sockets: 1000 });
  expect(turns).toBeGreaterThan(9);
});

const asRoot = process.getuid?.() === 0;
test.skipIf(!asRoot)('what belongs to another user is denied, said once and not counted', () => {
  makeProcess(7, ['socket:[1]']);
  const uid = 65_534;
  process.seteuid?.(uid);
  try {
    // pid 1 is root's; the folder may not be listed.
    const { open, denied } = count('/proc', [1]);
    expect(open).toBeUndefined();
    expect(denied).toEqual(['/proc/1/fd']);
  } finally {
    process.seteuid?.(0);
  }
});
