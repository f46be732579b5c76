import { expect, test } from 'vitest';
import { parseYaml } from '../../src/confmap/document.ts';
import { yamlText } from '../../src/confmap/yaml.ts';
import { ConfigError } from '../../src/errors.ts';

const read = (text: string) => parseYaml(text, 'f').value;

test.each([
  ['0x1F', 31],
  ['0o17', 15],
  ['017', 15],
  ['0b11', 3],
  ['-0b11', -3],
  ['1_000', 1000],
  ['+5', 5],
  ['08', 8],
  ['1.5e3', 1500],
  ['.5', 0.5],
  ['.inf', Infinity],
  ['true', true],
  ['True', true],
  ['yes', 'yes'],
  ['on', 'on'],
  ['~', null],
  ['Null', null],
  ['2001-01-01', '2001-01-01'],
  ['1h', '1h'],
  ['!!str 5', '5'],
  ['"5"', '5'],
])('the scalar %s is %j', (text, value) => {
  expect(read(`k: ${text}`)).toEqual({ k: value });
});

test('anchors, aliases and merge keys; what stands beside << wins, then the earlier', () => {
  const text =
    'a: &a {x: 1, y: {z: 1}}\nb: &b {x: 2, w: 2}\nc: {<<: [*a, *b], y: 3}\nd: {x: 4, <<: *a}';
  expect(read(text)).toMatchObject({
    c: { x: 1, w: 2, y: 3 },
    d: { x: 4, y: { z: 1 } },
  });
  expect(read('"<<": 1')).toEqual({ '<<': 1 });
});

test(':: in a key nests, beside what stands below the same key', () => {
  expect(read('a::b: 1\na: {c: 2}\na::d::e: 3')).toEqual({ a: { b: 1, c: 2, d: { e: 3 } } });
  expect(parseYaml('x: 1\na::b: 1', 'f').locations.get('a\0b')).toEqual({ file: 'f', line: 2 });
});

test('keys are text, and nothing is no key at all', () => {
  expect(read('1: a\ntrue: b\n~: c')).toEqual({ 1: 'a', true: 'b', '~': 'c' });
  expect(['', '# only a comment\n', '---\n', 'null'].map(read)).toEqual([{}, {}, {}, {}]);
});

test.each([
  ['a:\n\t- b', 'f:2: a tab is not allowed as indentation, use spaces'],
  ['a: 1\nb: 2\na: 3', 'f:3: Map keys must be unique'],
  ['a: *x', 'f:1: unknown anchor'],
  ['a: &x [*x]', 'f:1: an alias cannot stand inside of what it names'],
  ['a: {<<: 1}', 'f:1: << needs a map'],
  ['a: !secret hunter2', 'f:1: this tag is not supported'],
  ['a: !!binary aGk=', 'f:1: this tag is not supported'],
  ['a: @hunter2', 'f:1: a value that begins with @'],
  ['a: %hunter2', 'f:1: a value that begins with @, ` or %'],
  ['a: "\\q"', 'f:1: invalid escape in double quotes'],
  ['a: "x" hunter2', 'f:1: '],
  ['a: [b', 'f:1: '],
  ['a: b: c', 'f:1: '],
  ['a: 1\n---\nb: 2', 'f:2: there is a second document after ---'],
  ['? [a]\n: b', 'f:1: a key must be a plain word or text'],
  ['- a', 'f: the top level must be a map of keys'],
  ['hunter2', 'f: the top level must be a map of keys'],
  ['a: 1\nb: \u0007', 'f:2: control characters are not allowed'],
  ['a::__proto__: 1', 'f:1: a key cannot be __proto__'],
])('%j is refused by line, without its text', (text, message) => {
  expect(() => read(text)).toThrow(ConfigError);
  expect(() => read(text)).toThrow(message);
  expect(() => read(text)).not.toThrow('hunter2');
});

test.each([
  ['brackets', `a: ${'['.repeat(150)}${']'.repeat(150)}`],
  ['open brackets', '['.repeat(100_000)],
  ['dashes', '- '.repeat(100_000)],
  ['keys', Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
])('depth by %s is bounded', (_, text) => {
  expect(() => read(text)).toThrow(/^f:\d+: nested too deep$/);
});

test('what aliases multiply is bounded', () => {
  const lines = Array.from({ length: 20 }, (_, i) =>
    i === 0
      ? 'k0: &k0 [x, x]'
      : `k${i}: &k${i} [${Array(9)
          .fill(`*k${i - 1}`)
          .join()}]`,
  );
  const start = performance.now();
  expect(() => read(lines.join('\n'))).toThrow(/more than 200000 values, counting aliases/);
  expect(performance.now() - start).toBeLessThan(2000);
});

test('as many keys as a file can hold take seconds at most', () => {
  const lines = Array.from({ length: 90_000 }, (_, i) => `k${i}: 1`);
  const start = performance.now();
  expect(Object.keys(read(lines.join('\n')))).toHaveLength(90_000);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test('text that looks like something else is quoted when it is printed', () => {
  const value = {
    ...{ a: '0b11', b: '1_000', c: '017', d: '08', e: 'true', f: '~', g: '', h: 'a: b', i: '#' },
    ...{
      '<<': 1,
      true: 2,
      '0x1': 3,
      j: '*x',
      k: ' x ',
      l: 'a\n\nb\n',
      m: '\u2028',
      n: '@',
      o: '%',
    },
  };
  expect(read(yamlText(value))).toEqual(value);
});
