import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import {
  type AskedCapacity,
  capacityOf,
  createCapacityReader,
} from '../../../src/platform/disk/capacity.ts';

function df(): number[] {
  const columns = ['size', 'used', 'itotal', 'iavail'];
  const args = ['-B1', `--output=${columns.join(',')}`, tmpdir()];
  const [, line = ''] = execFileSync('df', args, { encoding: 'utf8' }).trim().split('\n');
  return line.trim().split(/ +/).map(Number);
}

test('a file system as df tells it', async () => {
  const reader = createCapacityReader();
  // Others write meanwhile.
  for (let tries = 0; tries < 200; tries++) {
    const before = df();
    const found = await reader.read(tmpdir());
    const values = [found.totalBytes, found.usedBytes, found.inodes ?? 0, found.freeInodes ?? 0];
    expect(found.dev).toBe(statSync(tmpdir()).dev);
    expect(values[0]).toBe(before[0]);
    if (JSON.stringify(before) === JSON.stringify(values)) return;
  }
  expect.fail('df and statfs never agreed');
});

test('blocks are counted in fragments, and no inodes are none', () => {
  const stat = { type: 0, bsize: 131_072, frsize: 512, blocks: 1000, bfree: 400, bavail: 300 };
  expect(capacityOf({ ...stat, files: 50, ffree: 20 })).toEqual({
    ...{ totalBytes: 512_000, usedBytes: 307_200, inodes: 50, freeInodes: 20 },
  });
  expect(capacityOf({ ...stat, frsize: 0, files: 0, ffree: 0 })).toEqual({
    ...{ totalBytes: 131_072_000, usedBytes: 78_643_200, inodes: undefined, freeInodes: undefined },
  });
});

test('what is not there is an error', async () => {
  await expect(createCapacityReader().read('/none/such')).rejects.toThrow('ENOENT');
});

// A disk that died cannot be had here: this is a double of the system call.
test('one that hangs is asked once, others go on, and two hold no more threads', async () => {
  const asked: string[] = [];
  const answers = new Map<string, (capacity: AskedCapacity) => void>();
  const capacity = { dev: 1, totalBytes: 2, usedBytes: 1, inodes: 1, freeInodes: 1 };
  const reader = createCapacityReader((path) => {
    asked.push(path);
    if (path.startsWith('/well')) return Promise.resolve(capacity);
    return new Promise((resolve) => answers.set(path, resolve));
  }, 20);
  await expect(reader.read('/hung')).rejects.toThrow('did not answer in 20 ms');
  await expect(reader.read('/hung')).rejects.toThrow('has not answered yet');
  expect(await reader.read('/well')).toEqual(capacity);
  await expect(reader.read('/hung too')).rejects.toThrow('did not answer');
  await expect(reader.read('/well')).rejects.toThrow('other file systems');
  expect(asked).toEqual(['/hung', '/well', '/hung too']);
  answers.get('/hung')?.(capacity);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await reader.read('/well again')).toEqual(capacity);
  answers.delete('/hung');
  await expect(reader.read('/hung')).rejects.toThrow('did not answer');
});
