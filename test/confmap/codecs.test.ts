import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { Codec } from '../../src/confmap/codec.ts';
import {
  bool,
  float,
  int,
  list,
  oneOf,
  option,
  record,
  section,
  text,
} from '../../src/confmap/codecs.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { duration, endpoint, size } from '../../src/confmap/formats.ts';
import { descriptionOf } from '../../src/confmap/json-schema.ts';
import { opaque } from '../../src/confmap/opaque.ts';
import { Opaque } from '../../src/confmap/secret.ts';
import { yamlText } from '../../src/confmap/yaml.ts';
import { ConfigError } from '../../src/errors.ts';

function read(codec: Codec<unknown>, written: string): unknown {
  return decode(section({ k: codec }), confOf(parseYaml(`k: ${written}`, 'f'))).k;
}

const cast = (type: string, found: string) =>
  `f:1: k: 'k' expected type '${type}', got unconvertible type '${found}'`;

test.each<[string, Codec<unknown>, string, unknown]>([
  ['text', text(), '0123', cast('string', 'int')],
  ['text', text(), 'true', cast('string', 'bool')],
  ['text', text(), '1.5', cast('string', 'float')],
  ['text', text(), '', cast('string', 'null')],
  ['text', text(), '[a]', cast('string', 'list')],
  ['text', text(), '"5"', '5'],
  ['bool', bool(), 'true', true],
  ['bool', bool(), '1', cast('bool', 'int')],
  ['bool', bool(), '"true"', cast('bool', 'string')],
  ['bool', bool(), 'yes', cast('bool', 'string')],
  ['int', int(), '0x10', 16],
  ['int', int(), '1e3', 1000],
  ['int', int(), '1.5', cast('int', 'float')],
  ['int', int(), '"5"', cast('int', 'string')],
  ['int', int(), 'true', cast('int', 'bool')],
  ['int', int(), '12345678901234567890', cast('int', 'int')],
  ['int', int({ min: 1, max: 4 }), '5', 'f:1: k: must be between 1 and 4'],
  ['float', float(), '1', 1],
  ['float', float(), '.5', 0.5],
  ['float', float(), '.inf', cast('float', 'float')],
  ['float', float({ min: 0 }), '-0.5', 'f:1: k: must be between 0 and '],
  ['list', list(text()), 'a,b', ['a', 'b']],
  ['list', list(text()), '""', []],
  ['list', list(text()), '5', cast('list', 'int')],
  ['list', list(text()), '[a, 5]', "f:1: k::1: '1' expected type 'string'"],
  ['list', list(int()), '"1,2"', cast('list', 'string')],
  ['oneOf', oneOf('a', 'b'), 'c', 'f:1: k: expected one of: a, b'],
  ['record', record(int()), '[1]', cast('map', 'list')],
  ['section', section({ a: int() }), '5', cast('map', 'int')],
  ['size', size(), '512MiB', 512 * 2 ** 20],
  ['size', size(), '1.5GB', 1.5e9],
  ['size', size(), '1024', 1024],
  ['size', size(), '0', 0],
  ['size', size(), '-1', 'expected a size such as "512MiB", or bytes, got -1'],
  ['size', size(), '1Mi', 'expected a size'],
  ['size', size(), '0.3B', 'expected a size'],
  ['size', size(), '9999999TiB', 'expected a size'],
  ['duration', duration(), '1m30s', 90_000],
  ['duration', duration(), '500ms', 500],
  ['duration', duration(), '1.5h', 5_400_000],
  ['duration', duration(), '.5s', 500],
  ['duration', duration(), '0', 0],
  ['duration', duration(), '10', 'expected a duration'],
  ['duration', duration(), '-1s', 'expected a duration'],
  ['duration', duration(), '1x', 'expected a duration'],
  ['endpoint', endpoint(), 'localhost:9464', { host: 'localhost', port: 9464 }],
  ['endpoint', endpoint(), ':80', { host: '', port: 80 }],
  ['endpoint', endpoint(), '"[::1]:1"', { host: '::1', port: 1 }],
  ['endpoint', endpoint(), 'localhost', 'expected host:port'],
  ['endpoint', endpoint(), 'a:70000', 'expected host:port'],
  ['opaque', opaque(), '5', "f:1: k: 'k' expected type 'string', got unconvertible type 'int'"],
])('%s: no %s', (_, codec, written, result) => {
  if (typeof result !== 'string' || result === written.replaceAll('"', '')) {
    expect(read(codec, written)).toEqual(result);
    return;
  }
  expect(() => read(codec, written)).toThrow(ConfigError);
  expect(() => read(codec, written)).toThrow(result);
});

test('null is the default, all faults are told, and the nearest key is proposed', () => {
  const codec = section({
    timeout: option(int(), 3, ''),
    timeouts: option(int(), 4, ''),
    other: section({ on: option(bool(), true, '') }),
  });
  const conf = (yaml: string) => confOf(parseYaml(yaml, 'f'));
  const defaults = { timeout: 3, timeouts: 4, other: { on: true } };
  expect(decode(codec, conf('timeout:\nother:'))).toEqual(defaults);
  const wrong = 'timeoutss: 1\ntimeout: a\nother:\n  on: 1\n  zzzzzzzz: 2\nx: 1';
  expect(() => decode(codec, conf(wrong), ['p'])).toThrow(
    [
      'f:1: p::timeoutss: unknown key, did you mean "timeouts"? (valid keys: timeout, timeouts, other)',
      'f:6: p::x: unknown key (valid keys: timeout, timeouts, other)',
    ].join('\n'),
  );
  const inner = 'timeout: a\nother:\n  on: 1';
  expect(() => decode(codec, conf(inner))).toThrow(
    /^f:1: timeout: 'timeout' .*\nf:3: other::on: 'on' expected type 'bool'/,
  );
});

test('a file that is wrong throughout is told in part', () => {
  const lines = Array.from({ length: 1000 }, (_, i) => `k${i}: 1`);
  const conf = confOf(parseYaml(lines.join('\n'), 'f'));
  expect(() => decode(section({}), conf)).toThrow(/and 950 more$/);
});

test('a size is told in the largest unit that is whole', () => {
  const told = [0, 1, 1024, 1536, 3 * 2 ** 30].map((bytes) => descriptionOf(size()).encode(bytes));
  expect(told).toEqual(['0B', '1B', '1KiB', '1536B', '3GiB']);
});

test('a secret is told to who asks for it and to nobody else', () => {
  const secret = read(opaque(), 'hunter2') as Opaque;
  expect(secret.reveal()).toBe('hunter2');
  const error = new Error('x', { cause: secret });
  const shown = [
    ...[`${secret}`, String(secret), JSON.stringify({ secret }), inspect({ secret, error })],
    ...[inspect(secret, { showHidden: true }), yamlText({ secret }), Object.keys(secret).join()],
    ...[JSON.stringify(structuredClone({ ...secret })), inspect([secret], { depth: 9 })],
  ].join('\n');
  expect(shown).not.toContain('hunter2');
  expect(shown.match(/\[REDACTED\]/g)?.length).toBeGreaterThan(5);
  expect(`${new Opaque('')}`).toBe('');
});
