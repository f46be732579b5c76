import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numberAt } from '../../../src/platform/file/bytes.ts';
import { createKeyTable } from '../../../src/platform/file/key-table.ts';

function number(text: string): number | undefined {
  const bytes = Buffer.from(text);
  return numberAt(bytes, 0, bytes.length);
}

test.each([
  ['0\n', 0],
  ['68157440\n', 68157440],
  ['-1\n', -1],
  ['max\n', Number.POSITIVE_INFINITY],
  ['max 100000\n', Number.POSITIVE_INFINITY],
  ['20000 100000\n', 20000],
  // v1's unlimited, PAGE_COUNTER_MAX * 4096
  ['9223372036854771712\n', Number.POSITIVE_INFINITY],
  ['9007199254740993\n', 9007199254740992],
  ['', undefined],
  ['\n', undefined],
  ['maybe', undefined],
])('%j is %s', (text, value) => {
  expect(number(text)).toBe(value);
});

test('a longer number never reads as less, at any length', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 61n }), (value) => {
      expect(number(String(value)) ?? -1).toBeLessThanOrEqual(number(String(value + 1n)) ?? -2);
      expect(number(String(value))).toBe(Number(value));
    }),
  );
});

test('keys are found in any order, unknown ones and broken lines are passed over', () => {
  const keys = ['anon', 'file', 'inactive_file', 'pgfault'];
  const table = createKeyTable(keys);
  const lines = [
    'anon 1',
    'file 2',
    'inactive_file 3',
    'pgfault 4',
    'file_mapped 5',
    'anonx 6',
    'an',
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(lines), (chosen) => {
      const bytes = Buffer.from(`${chosen.join('\n')}\n`);
      const out = new Float64Array(keys.length);
      table.parse(bytes, bytes.length, out);
      expect([...out]).toEqual(
        keys.map((key) => Number(chosen.find((line) => line.startsWith(`${key} `))?.split(' ')[1])),
      );
    }),
  );
});

test('a read that brought nothing leaves every key absent', () => {
  const out = new Float64Array(1);
  createKeyTable(['populated']).parse(Buffer.from('populated 1\n'), -1, out);
  expect(out[0]).toBeNaN();
});
