import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createExpositionParser, ExpositionError } from '../../../src/platform/kata/exposition.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/kata');
const parse = (text: string) => createExpositionParser()(text);
const values = (text: string) =>
  parse(text).samples.map(({ head, value }) => [head.name, head.labels, value]);

describe('the three synthetic samples', () => {
  test.each([
    ['kata-sample-go-shim.prom', 363, 41],
    ['kata-sample-runtime-rs.prom', 218, 26],
    ['kata-sample-monitor.prom', 365, 43],
  ])('%s: %i rows of %i families', (file, rows, families) => {
    const text = readFileSync(join(FIXTURES, file), 'utf8');
    const { samples, types, rejected } = parse(text);
    expect([samples.length, types.size, rejected]).toEqual([rows, families, 0]);
  });

  test('the order of the lines changes nothing', () => {
    const text = readFileSync(join(FIXTURES, 'kata-sample-go-shim.prom'), 'utf8');
    const shuffled = text
      .split('\n')
      .sort((a, b) => (hash(a) < hash(b) ? -1 : 1))
      .join('\n');
    const sorted = (of: string) =>
      values(of)
        .map((row) => JSON.stringify(row))
        .sort();
    expect(sorted(shuffled)).toEqual(sorted(text));
  });
});

test('both forms of numbers, and what is no number', () => {
  const text =
    'a 1.048576e+06\nb 1048576\nc -0.5 1700000000000\nd +Inf\ne -Inf\nf NaN\ng 5E-3\nh .5';
  expect(values(text).map(([, , value]) => value)).toEqual([
    1_048_576,
    1_048_576,
    -0.5,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    0.005,
    0.5,
  ]);
});

test('labels: escapes, braces and commas in them, blanks around them, none', () => {
  const text = String.raw`a{x="q\"b\\",y="1,2}{",z="n\nl"} 1
a { x = "1" , y="2", } 2
a{} 3`;
  expect(values(text)).toEqual([
    ['a', { x: 'q"b\\', y: '1,2}{', z: 'n\nl' }, 1],
    ['a', { x: '1', y: '2' }, 2],
    ['a', {}, 3],
  ]);
});

test.each([
  'a',
  'a ',
  'a x',
  'a 0x10',
  'a 1 2 3',
  'a{x=1} 1',
  'a{x="1" 1',
  'a{x="1"} ',
  'a{x="1""} 1',
  'a{x="1",x="2"} 1',
  'a{__proto__="1",="2"} 1',
  '1a 1',
  'ä 1',
  `a{x="${'v'.repeat(2000)}"} 1`,
  `a{${Array.from({ length: 40 }, (_, i) => `l${i}="1"`).join()}} 1`,
  `a{x="${'v'.repeat(100_000)}"} 1`,
])('a line that is not of the format costs itself only: %.40s', (line) => {
  const { samples, rejected } = parse(`before 1\n${line}\nbehind 2`);
  expect(rejected).toBe(1);
  expect(samples.map(({ head }) => head.name)).toEqual(['before', 'behind']);
});

test('a second row of a series is refused, in the same scrape only', () => {
  const parser = createExpositionParser();
  const first = parser('a{x="1"} 1\na{x="1"} 2');
  expect([first.samples.map(({ value }) => value), first.rejected]).toEqual([[1], 1]);
  const second = parser('a{x="1"} 3');
  expect(second.samples[0]?.value).toBe(3);
  expect(second.samples[0]?.head).toBe(first.samples[0]?.head);
});

test('a label named like a property of objects is a label', () => {
  const [sample] = parse('a{__proto__="x",constructor="y"} 1').samples;
  expect(Object.entries(sample?.head.labels ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});

test('too many rows are an error that says so', () => {
  const rows = Array.from({ length: 20_001 }, (_, i) => `a{x="${i}"} 1`).join('\n');
  expect(() => parse(rows)).toThrow(new ExpositionError('more than 20000 rows'));
});

test('whatever comes, each line is a row, a comment or refused', () => {
  const piece = fc.constantFrom(
    'a',
    '{',
    '}',
    '"',
    '\\',
    '=',
    ',',
    ' ',
    '1',
    'e+6',
    'NaN',
    '#',
    '\n',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 60 }),
      (parts) => {
        const text = parts.join('');
        const { samples, rejected } = parse(text);
        const lines = text.split('\n').filter((line) => line.trim() !== '' && line[0] !== '#');
        expect(samples.length + rejected).toBe(lines.length);
      },
    ),
    { numRuns: 2000 },
  );
});

function hash(text: string): number {
  let value = 7;
  for (const char of text) value = (Math.imul(value, 31) + char.charCodeAt(0)) | 0;
  return value;
}
