import { afterAll, expect, test } from 'vitest';
import { readMaxOpenFiles, readNetworkNamespace } from '../../../src/platform/procfs/process.ts';
import { makeKernelFiles } from '../kernel-files.ts';

const root = makeKernelFiles();
afterAll(() => root.remove());
const GONE = 2 ** 22 + 7;

test('the soft limit of open files; unlimited and gone are unknown', () => {
  const line = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax processes             7875                 7875                 processes \nMax open files            ${soft}                 524288               files     \n`;
  root.write('8/limits', line('4096'));
  expect(readMaxOpenFiles(root.path, 8, root.files)).toBe(4096);
  root.write('8/limits', line('unlimited'));
  expect(readMaxOpenFiles(root.path, 8, root.files)).toBeUndefined();
  root.write('8/limits', '');
  expect(readMaxOpenFiles(root.path, 8, root.files)).toBeUndefined();
  expect(readMaxOpenFiles(root.path, GONE, root.files)).toBeUndefined();
});

test('the network namespace of a process, by its inode', () => {
  const own = readNetworkNamespace('/proc', process.pid);
  expect(own).toBeGreaterThan(0);
  expect(readNetworkNamespace('/proc', process.ppid)).toBe(own);
  expect(readNetworkNamespace('/proc', GONE)).toBeUndefined();
});
