import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { bool, int, list, option, record, section, text } from '../../src/confmap/codecs.ts';
import type { Expanded } from '../../src/confmap/conf.ts';
import { decode } from '../../src/confmap/decode.ts';
import { duration } from '../../src/confmap/formats.ts';
import { resolve } from '../../src/confmap/resolve.ts';
import { ConfigError } from '../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-expand-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'token'), 'sesame\n');
writeFileSync(join(folder, 'map.yaml'), 'a: ${env:NUMBER}\nb: [x]\n');

const ENV = {
  NAME: 'x',
  NUMBER: '0123',
  TRUE: 'true',
  LIST: '[1, 2]',
  COMMAS: 'a,b',
  MAP: 'a: ${env:NAME}\nb: "${env:NUMBER}"',
  NESTED: 'b${NAME}',
  POINTS: 'NAME',
  DOLLARS: 'a$$b$c',
  BROKEN: 'a: b: c',
  STAR: '*x',
  QUOTED: '"0123"',
  EMPTY: '',
  HIDDEN: 'hunter2 ${env:1x}',
  LOOP: '${LOOP}',
  LOOPED: 'a${LOOPED}b',
  TWICE: '${DOUBLE}${DOUBLE}',
  DOUBLE: '${TWICE}${TWICE}',
  DEEP: '{a: "${DEEP}"}',
};

function conf(yaml: string, warn = vi.fn()) {
  return resolve(['a'], [], { env: ENV, builtIn: { a: yaml.replaceAll('@', folder) }, warn });
}

test.each([
  ['a-${env:NAME}-${NAME}', 'a-x-x'],
  ['$$NAME', '$NAME'],
  ['$NAME', '$NAME'],
  ['a$', 'a$'],
  ['a${', 'a${'],
  ['a}${NAME}', 'a}x'],
  ['$${NAME}', '${NAME}'],
  ['$$${NAME}', '$x'],
  ['$$$${NAME}', '$${NAME}'],
  ['$${NAME} ${NAME}', '${NAME} x'],
  ['a${env:NESTED}', 'abx'],
  ['a${env:NOPE:-d}', 'ad'],
  ['a${env:NOPE:-}', 'a'],
  ['a${env:EMPTY:-d}', 'a'],
  ['a${env:NOPE:-b:-c}', 'ab:-c'],
  ['a${env:${env:NOPE:-NAME}}', 'ax'],
  ['a${env:${POINTS}}', 'ax'],
  ['a${yaml:b}', 'ab'],
  ['a${env:DOLLARS}', 'aa$b$c'],
  ['a${env:QUOTED}', 'a"0123"'],
  ['a ${file:@/token}.', 'a sesame.'],
])('the text %s', (written, value) => {
  expect(conf(`k: '${written}'`).value).toEqual({ k: value });
});

test.each([
  ['${env:NUMBER}', 83, '0123'],
  ['${env:TRUE}', true, 'true'],
  ['${env:LIST}', [1, 2], '[1, 2]'],
  ['${env:BROKEN}', 'a: b: c', 'a: b: c'],
  ['${env:STAR}', '*x', '*x'],
  ['${env:QUOTED}', '"0123"', '"0123"'],
  ['${env:NESTED}', 'bx', 'bx'],
  ['${env:DOLLARS}', 'a$b$c', 'a$b$c'],
  ['${env:EMPTY}', null, ''],
  ['${env:NOPE:-7}', 7, '7'],
  ['${yaml:[a, 2]}', ['a', 2], '[a, 2]'],
  ['${file:@/token}', 'sesame', 'sesame'],
])('%s alone has the value of its text, and keeps the text', (written, value, kept) => {
  const { k } = conf(`k: '${written}'`).value as { k: Expanded };
  expect([k.value, k.text]).toEqual([value, kept]);
});

test('what stands in an expanded map or list is expanded in turn, by itself', () => {
  const schema = section({ k: record(text()) });
  expect(decode(schema, conf('k: ${env:MAP}'))).toEqual({ k: { a: 'x', b: '0123' } });
  const file = section({ k: section({ a: text(), b: list(text()) }) });
  expect(decode(file, conf('k: ${file:@/map.yaml}'))).toEqual({ k: { a: '0123', b: ['x'] } });
});

test('a field takes the type that it needs; nothing is its default, for text the empty text', () => {
  const schema = section({
    t: option(text(), 'd', ''),
    i: option(int(), 1, ''),
    b: option(bool(), true, ''),
    d: option(duration(), 5, ''),
    l: option(list(text()), [], ''),
    m: option(list(int()), [3], ''),
  });
  const written =
    't: ${NUMBER}\ni: ${NUMBER}\nb: ${TRUE}\nd: ${env:NOPE:-2s}\nl: ${COMMAS}\nm: ${LIST}';
  expect(decode(schema, conf(written))).toEqual({
    ...{ t: '0123', i: 83, b: true, d: 2000, l: ['a', 'b'], m: [1, 2] },
  });
  const empty = 't: ${EMPTY}\ni: ${EMPTY}\nb: ${EMPTY}\nd: ${EMPTY}\nl: ${EMPTY}\nm: ${EMPTY}';
  expect(decode(schema, conf(empty))).toEqual({ ...{ t: '', i: 1, b: true, d: 5, l: [], m: [3] } });
});

test('keys are not expanded', () => {
  expect(conf('${NAME}: 1').value).toEqual({ '${NAME}': 1 });
});

test('a variable that is not set expands to nothing, with one warning for each name', () => {
  const warn = vi.fn();
  expect(conf('k: "a${env:NOPE}${NOPE}"\nl: "b${env:NO2}"', warn).value).toEqual({
    k: 'a',
    l: 'b',
  });
  expect(warn.mock.calls.flat()).toEqual([
    'Configuration references unset environment variable: env:NOPE',
    'Configuration references unset environment variable: env:NO2',
  ]);
});

test.each([
  ['${http://x}', 'scheme "http" is not supported'],
  ['${a:x}', 'invalid uri: "a:x"'],
  ['${NAME:-hunter2}', 'a default needs one: ${env:NAME:-...}'],
  ['${env:1x}', 'environment variable "1x" has invalid name: must match regex ^[a-zA-Z_]'],
  ['${}', 'environment variable "" has invalid name'],
  ['${env:$NAME}', "contains unsupported characters ('$')"],
  ['${file:/nope}', '/nope: no such file'],
  ['${file:@}', 'this is a directory'],
  ['${LOOP}', 'is there a loop?'],
  ['${LOOPED}', 'is there a loop?'],
  ['${TWICE}', 'expands to more than 1048576 characters'],
  ['${DEEP}', 'is there a loop?'],
  ['${HIDDEN}', 'a:1: k: what a nested ${env:...} names cannot be used'],
])('%s is an error', (written, message) => {
  expect(() => conf(`k: '${written}'`)).toThrow(ConfigError);
  expect(() => conf(`k: '${written}'`)).toThrow(message);
  expect(() => conf(`k: '${written}'`)).not.toThrow('hunter2');
});

test.each([
  ['}', '}'.repeat(900_000)],
  ['${', '${'.repeat(400_000)],
  ['$${}', '$${}'.repeat(200_000)],
  ['$', `${'$'.repeat(800_000)}{}`],
])('a text of many %s takes no longer than others', (_, written) => {
  const start = performance.now();
  conf(`k: '${written}$'`);
  expect(performance.now() - start).toBeLessThan(3000);
});

test('what variables multiply is bounded', () => {
  const env: Record<string, string> = { V0: 'x'.repeat(1000) };
  for (let i = 1; i < 40; i++) env[`V${i}`] = `\${V${i - 1}}`.repeat(20);
  const read = () => resolve(['a'], [], { env, builtIn: { a: 'k: ${V39}' }, warn() {} });
  const start = performance.now();
  expect(read).toThrow(ConfigError);
  expect(performance.now() - start).toBeLessThan(2000);
});

test('a value that does not fit is named by its reference, for it may be secret', () => {
  const schema = section({ k: option(duration(), 0, '') });
  const read = () => decode(schema, conf('k: ${env:NESTED}'));
  expect(read).toThrow(
    'a:1: k: expected a duration such as "30s" or "1m30s", with a unit, got what ${env:NESTED} stands for',
  );
  expect(read).not.toThrow('bx');
});
