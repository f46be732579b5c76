import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bool, int, list, oneOf, option, record, section, text } from '../../src/confmap/codecs.ts';
import type { Plain } from '../../src/confmap/conf.ts';
import { decode } from '../../src/confmap/decode.ts';
import { parseYaml } from '../../src/confmap/document.ts';
import { duration, endpoint, glob, size } from '../../src/confmap/formats.ts';
import { opaque } from '../../src/confmap/opaque.ts';
import { resolve } from '../../src/confmap/resolve.ts';
import { yamlText } from '../../src/confmap/yaml.ts';
import { ConfigError } from '../../src/errors.ts';

const SCHEMA = section({
  t: option(text(), '', ''),
  i: option(int({ min: 0 }), 0, ''),
  b: option(bool(), false, ''),
  o: option(oneOf('x', 'y'), 'x', ''),
  d: option(duration(), 0, ''),
  e: option(endpoint(), { host: '', port: 1 }, ''),
  g: option(list(glob()), [], ''),
  z: option(size(), 0, ''),
  s: option(opaque(), null as never, ''),
  l: option(list(text()), [], ''),
  r: option(record(section({ s: opaque(), i: int() })), {}, ''),
});

const SECRET = 'hunter2-secret';

/** What it throws, if it does, must be a ConfigError without the secret. */
function tryAll(yaml: string, env: Record<string, string> = {}): void {
  try {
    decode(SCHEMA, resolve(['a'], ['t=5'], { env, builtIn: { a: yaml }, warn: checkText }));
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    checkText((error as Error).message);
  }
}

function checkText(message: string): void {
  expect(message).not.toContain(SECRET);
}

const word = fc.constantFrom(
  ...['t', 'i', 'b', 'o', 'd', 'e', 'g', 'z', 's', 'l', 'r', 'a', '5', '-', '"', "'", '\n', '\n  '],
  ...[': ', ':', ', ', '{', '}', '[', ']', '&a ', '*a', '<<', '|', '>', '#', '!', '%', '@', '?'],
  ...['${', '${A}', '${B}', '${env:A}', '$', '$$', '::', '---\n', '\t', '\0', '\ufeff', '\ud800'],
);

test('no text makes resolving and decoding fail with anything but a ConfigError', () => {
  const yaml = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
    fc.string().map((s) => `t: \${${s}}`),
  );
  const env = fc.record({ A: yaml, B: yaml });
  fc.assert(
    fc.property(yaml, env, (text, variables) => tryAll(text, variables)),
    { numRuns: 2000, interruptAfterTimeLimit: 60_000 },
  );
});

test('a tree of any shape is decoded or refused', () => {
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 0, 1.5, -1, 1e300, '', 'x', '5', '1s', '1MiB', ':1', '${A}'),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('t', 'i', 'b', 's', 'l', 'r', 'x', '__proto__x'), tie('node')),
    ),
  })).node;
  fc.assert(
    fc.property(tree, tree, (value, variable) =>
      tryAll(JSON.stringify(value), { A: JSON.stringify(variable) }),
    ),
    { numRuns: 1000 },
  );
});

test('a secret that stands where it does not belong, or in a broken file, is not told', () => {
  // A name of a variable or of a key is told, and is no secret.
  const part = word.filter((each) => !/[\n$]/.test(each));
  const around = fc.array(part, { maxLength: 12 }).map((words) => words.join(''));
  fc.assert(
    fc.property(around, around, (before, after) => {
      tryAll(`s: ${before}${SECRET}${after}`);
      tryAll(`s: \${env:S}\n${before}`, { S: `${before}${SECRET}${after}` });
      tryAll(`i: \${env:S}\nd: \${env:S}\no: \${S}`, { S: SECRET });
      tryAll(`s: ${before}\${env:\${S}}${after}`, { S: `${SECRET}:` });
    }),
    { numRuns: 1000 },
  );
});

test('what is printed as YAML is read as the same', () => {
  const key = fc.string({ unit: 'grapheme' }).filter((s) => !/__proto__|::/.test(s));
  const scalar = fc.oneof(
    fc.constantFrom<Plain>(
      null,
      true,
      '0b1',
      '017',
      '1_0',
      '<<',
      '~',
      '.inf',
      '2001-01-01',
      '=',
      'y',
    ),
    fc.string({ unit: 'grapheme' }),
    fc.stringMatching(/^[-+.\d_xobe]{1,6}$/),
    fc.integer(),
    fc.double({ noNaN: true }).map((value) => value + 0),
  );
  const tree = fc.letrec<{ node: Plain; map: Plain }>((tie) => ({
    node: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie('node')), tie('map')),
    map: fc.dictionary(key, tie('node')),
  }));
  fc.assert(
    fc.property(tree.map, (value) => {
      expect(parseYaml(yamlText(value), 'f').value).toEqual(value);
    }),
    { numRuns: 1000 },
  );
});
