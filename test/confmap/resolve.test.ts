import { expect, test, vi } from 'vitest';
import { section, text } from '../../src/confmap/codecs.ts';
import { Expanded } from '../../src/confmap/conf.ts';
import { decode } from '../../src/confmap/decode.ts';
import { configFiles, resolve } from '../../src/confmap/resolve.ts';
import { ConfigError } from '../../src/errors.ts';

const ENV = { SECTION: 'a: {b: 1}', NOTHING: '' };

function resolved(texts: readonly string[], sets: readonly string[] = [], appendLists = false) {
  const builtIn = Object.fromEntries(texts.map((yaml, i) => [`file${i}`, yaml]));
  return resolve(Object.keys(builtIn), sets, { env: ENV, builtIn, appendLists, warn: vi.fn() });
}

test('maps merge deep; lists, scalars and null replace, and a map replaces null', () => {
  const first = 'k: {a: 1, l: [1, 2]}\nn: {x: 1}\nm:\ns: 1';
  const second = 'k: {b: 2, l: [3]}\nn:\nm: {y: 1}\ns: {z: 1}';
  expect(resolved([first, second], ['k.a=5']).value).toEqual({
    k: { a: 5, b: 2, l: [3] },
    n: null,
    m: { y: 1 },
    s: { z: 1 },
  });
});

test('behind a feature gate the lists of the service add up', () => {
  const first =
    'service: {extensions: [a], pipelines: {metrics: {receivers: [r], processors: [p]}}}';
  const second =
    'service: {extensions: [b, a], pipelines: {metrics: {receivers: [s], processors: [q]}}}';
  expect(resolved([first, second], [], true).value).toEqual({
    service: {
      extensions: ['a', 'b'],
      pipelines: { metrics: { receivers: ['r', 's'], processors: ['q'] } },
    },
  });
});

test.each([
  ['a.b=1', { a: { b: 1 } }],
  [' a.b = 1 ', { a: { b: 1 } }],
  ['a.b=', { a: { b: null } }],
  ['a.b=[x, y]', { a: { b: ['x', 'y'] } }],
  ['a.b={c: d}', { a: { b: { c: 'd' } } }],
  ['a/x.b=c=d', { 'a/x': { b: 'c=d' } }],
  ['a.b=$$x', { a: { b: '$x' } }],
])('--set %s', (item, value) => {
  expect(resolved([], [item]).value).toEqual(value);
});

test('--config takes env:, env: with a default, yaml: with ::, and file:', () => {
  const options = { env: ENV, warn: vi.fn() };
  const uris = ['env:SECTION', 'env:NOPE:-{c: 2}', 'yaml:a::d: 3', 'yaml:{e: 4}', 'env:NOTHING'];
  expect(resolve(uris, [], options).value).toEqual({ a: { b: 1, d: 3 }, c: 2, e: 4 });
  expect(configFiles(['file:/a', 'b', 'yaml:c: d', 'env:E'])).toEqual(['/a', 'b']);
});

test.each([
  ['env:NOPE', 'env:NOPE: this environment variable is not set'],
  ['env:1x', 'environment variable "1x" has invalid name'],
  [
    'http://h/hunter2',
    'http:...: scheme "http" is not supported (allowed: env, file, yaml): whoever',
  ],
  ['https://h/hunter2', 'download the file, look at it, and give its path'],
  ['s3:x', 'scheme "s3" is not supported (allowed: env, file, yaml)'],
  ['yaml:hunter2', 'yaml:...: the top level must be a map of keys'],
  ['yaml:a::b: [hunter2', 'yaml:a::b:1: '],
  ['/nope', '/nope: no such file'],
])('--config %s is refused and tells no secret', (uri, message) => {
  const read = () => resolve([uri], [], { env: ENV, warn: vi.fn() });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(message);
  expect(read).not.toThrow('hunter2');
});

test('all sources and values that are wrong are told, each with its place', () => {
  const read = () => resolved(['a: [', 'b: {\n'], ['c']);
  expect(read).toThrow(/^file0:1: .*\nfile1:\d: .*\n--set c: missing equal sign/);
  const expand = () => resolved(['a: ${env:1}\nb:\n  c: ["${s3:x}"]', 'd: 1'], ['e.f=${http:x}']);
  expect(expand).toThrow(
    /^file0:1: a: environment.*\nfile0:3: b::c::0: s3:\.\.\.: scheme.*\n--set e\.f: e::f: http/,
  );
});

test('a fault stands where its key does: in the last file, above, or in --set', () => {
  const schema = section({ k: section({ a: text(), b: text() }) });
  const read = (sets: string[]) => () =>
    decode(schema, resolved(['k:\n  a: 1\n  b: x', '\n\nk: {a: 2}'], sets));
  expect(read([])).toThrow(
    "file1:3: k::a: 'a' expected type 'string', got unconvertible type 'int'",
  );
  expect(read(['k.a=3'])).toThrow('--set k.a: k::a: ');
});

test('a section that is an expansion is decoded as its value', () => {
  const conf = resolved(['k: ${env:SECTION}']);
  expect(conf.value).toEqual({ k: new Expanded({ a: { b: 1 } }, 'a: {b: 1}', '${env:SECTION}') });
  const schema = section({ k: section({ a: section({ b: text() }) }) });
  expect(() => decode(schema, conf)).toThrow(
    "file0:1: k::a::b: 'b' expected type 'string', got unconvertible type 'int'",
  );
});
