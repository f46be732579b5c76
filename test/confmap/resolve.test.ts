import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { section, text } from '../../src/confmap/codecs.ts';
import { Expanded } from '../../src/confmap/conf.ts';
import { decode } from '../../src/confmap/decode.ts';
import { duration, endpoint } from '../../src/confmap/formats.ts';
import { resolve } from '../../src/confmap/resolve.ts';
import { ConfigError } from '../../src/errors.ts';

const ENV = { NAME: 'x', NUMBER: '0123', LIST: '[1, 2]', NESTED: 'b${NAME}', LOOP: '${LOOP}' };

function conf(yaml: string, sets: string[] = [], warn = vi.fn()) {
  const options = { env: ENV, builtIn: { a: yaml, b: 'k: {b: 2, l: [3]}' }, warn };
  return resolve(['a'], sets, options);
}

test('maps merge deep; lists, scalars and null replace', () => {
  const options = {
    env: {},
    builtIn: { a: 'k: {a: 1, l: [1, 2]}\nn: {x: 1}', b: 'k: {b: 2, l: [3]}\nn:' },
    warn() {},
  };
  expect(resolve(['a', 'b', 'yaml:k::c: 4'], ['k.a=5'], options).value).toEqual({
    k: { a: 5, b: 2, c: 4, l: [3] },
    n: null,
  });
});

test.each([
  ['k: a-${env:NAME}-${NAME}', 'a-x-x'],
  ['k: $$NAME', '$NAME'],
  ['k: $NAME', '$NAME'],
  ['k: a${env:NESTED}', 'abx'],
  ['k: a${env:NOPE:-d}', 'ad'],
  ['k: a${env:${env:NOPE:-NAME}}', 'ax'],
  ['k: "a${yaml:b}"', 'ab'],
])('%s', (yaml, value) => {
  expect(conf(yaml).value).toEqual({ k: value });
});

test('what is wholly an expansion has the type of its text, and keeps the text', () => {
  expect(conf('k: ${env:NUMBER}').value).toEqual({ k: new Expanded(123, '0123') });
  expect(conf('k: ${env:LIST}').value).toEqual({ k: new Expanded([1, 2], '[1, 2]') });
  expect(decode(section({ k: text() }), conf('k: ${env:NUMBER}'))).toEqual({ k: '0123' });
});

test('a variable that is not set expands to nothing, with a warning', () => {
  const warn = vi.fn();
  expect(conf('k: "a${env:NOPE}"', [], warn).value).toEqual({ k: 'a' });
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('NOPE'));
});

test.each([
  ['k: ${http:x}', 'unknown scheme "http"'],
  ['k: ${env:1x}', 'is not a name'],
  ['k: ${file:/nope}', 'no such file'],
  ['k: [1', ''],
  ['k: ${LOOP}', 'is there a loop?'],
  ['__proto__: {x: 1}', '__proto__'],
])('%s is an error', (yaml, message) => {
  expect(() => conf(yaml)).toThrow(ConfigError);
  expect(() => conf(yaml)).toThrow(message);
});

test.each([
  ['1m30s', 90_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['0s', 0],
  ['0', 0],
  ['10', undefined],
  ['-1s', undefined],
  ['1x', undefined],
])('the duration %s', (written, millis) => {
  const read = () => decode(section({ k: duration() }), conf(`k: ${written}`)).k;
  if (millis === undefined) expect(read).toThrow(ConfigError);
  else expect(read()).toBe(millis);
});

test.each([
  ['localhost:9464', { host: 'localhost', port: 9464 }],
  [':80', { host: '', port: 80 }],
  ['"[::1]:1"', { host: '::1', port: 1 }],
  ['localhost', undefined],
  ['a:70000', undefined],
])('the endpoint %s', (written, value) => {
  const read = () => decode(section({ k: endpoint() }), conf(`k: ${written}`)).k;
  if (value === undefined) expect(read).toThrow(ConfigError);
  else expect(read()).toEqual(value);
});

test('no text makes the resolver fail with anything but a ConfigError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.string().map((s) => `k: \${${s}}`),
      ),
      (yaml) => {
        try {
          conf(yaml);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      },
    ),
  );
});
