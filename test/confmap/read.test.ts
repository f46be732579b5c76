import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readText } from '../../src/confmap/read.ts';
import { ConfigError } from '../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-read-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(bytes: string | Buffer): string {
  const path = join(folder, `${Math.random()}`);
  writeFileSync(path, bytes);
  return path;
}

test('a byte order mark is dropped, an empty file is empty', () => {
  expect(readText(file('\ufeffa: 1\n'))).toBe('a: 1\n');
  expect(readText(file(''))).toBe('');
});

test.each([
  ['Latin-1', Buffer.from('a: 1\nb: \xe4\n', 'latin1'), ':2: this is not UTF-8'],
  ['UTF-16', Buffer.from('\ufeffa: 1', 'utf16le'), ':1: this is not UTF-8'],
  ['too large', 'x'.repeat(1024 * 1024 + 1), 'larger than 1048576 bytes'],
])('a file that is %s', (_, bytes, message) => {
  const path = file(bytes);
  expect(() => readText(path)).toThrow(ConfigError);
  expect(() => readText(path)).toThrow(`${path}`);
  expect(() => readText(path)).toThrow(message);
});

test('the largest file is read', () => {
  expect(readText(file('x'.repeat(1024 * 1024)))).toHaveLength(1024 * 1024);
});

test('what is not a file is said at once', async () => {
  const directory = join(folder, 'd');
  mkdirSync(directory);
  expect(() => readText(directory)).toThrow(`${directory}: this is a directory`);
  expect(() => readText(join(folder, 'nope'))).toThrow('no such file');
  expect(() => readText(join(file(''), 'x'))).toThrow('a part of this path is a file');
  expect(() => readText('/dev/zero')).toThrow('this is not a regular file');
  const pipe = join(folder, 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
  expect(() => readText(pipe)).toThrow('this is not a regular file');
  const socket = join(folder, 'socket');
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  expect(() => readText(socket)).toThrow(ConfigError);
  server.close();
  expect(() => readText('a\0b')).toThrow(ConfigError);
});

test('a file without rights', () => {
  const path = file('a: 1');
  chmodSync(path, 0);
  chmodSync(dirname(path), 0o755);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    expect(() => readText(path)).toThrow(`${path}: no right to read this file`);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
