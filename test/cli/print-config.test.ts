import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseGates } from '../../src/cli/feature-gates.ts';
import { configText } from '../../src/cli/print-config.ts';
import type { Registry } from '../../src/component/factory.ts';
import { list, option, record, section, text } from '../../src/confmap/codecs.ts';
import { duration } from '../../src/confmap/formats.ts';
import { opaque } from '../../src/confmap/opaque.ts';
import { resolve } from '../../src/confmap/resolve.ts';
import { Opaque } from '../../src/confmap/secret.ts';
import { decodeAll } from '../../src/service/check.ts';
import { trimIds } from '../../src/service/ids.ts';

const CONFIG = section({
  token: option(opaque(), new Opaque(''), ''),
  tokens: option(list(opaque()), [], ''),
  headers: option(record(opaque()), {}, ''),
  auth: section({ users: option(list(section({ name: text(), password: opaque() })), [], '') }),
  note: option(text(), 'n', ''),
  notes: option(record(text()), {}, ''),
  wait: option(duration(), 5000, ''),
});

/** A double: nothing of it is made or started here. */
const factory = {
  metadata: { type: 'x', summary: '', stability: 'alpha', series: [] },
  config: CONFIG,
  create: () => expect.unreachable(),
} as unknown as Registry['exporters'][number];
const REGISTRY: Registry = { receivers: [], processors: [], exporters: [factory], extensions: [] };

const load = (yaml: string, env: Record<string, string> = {}) =>
  trimIds(resolve(['a'], [], { env, builtIn: { a: yaml }, warn() {} }));

function print(yaml: string, env = {}, mode: 'redacted' | 'unredacted' = 'redacted') {
  const gates = parseGates(mode === 'redacted' ? '' : 'otelcol.printInitialConfig');
  return configText(load(yaml, env), REGISTRY, { format: 'yaml', mode, gates });
}

test('it is the configuration as it runs: expanded, with all defaults and without secrets', () => {
  const yaml = 'exporters: {x: , " x / 2 ": {token: "${env:T}", wait: 90s, note: a$$b}}';
  expect(parse(print(yaml, { T: 'hunter2' }))).toMatchObject({
    receivers: {},
    exporters: {
      x: { token: '', tokens: [], headers: {}, auth: { users: [] }, note: 'n', wait: '5s' },
      'x/2': { token: '[REDACTED]', note: 'a$b', wait: '1m30s' },
    },
    service: { extensions: [], pipelines: {} },
  });
  expect(print(yaml, { T: 'hunter2' }, 'unredacted')).toContain('token: hunter2');
  const json = { format: 'json', mode: 'redacted', gates: parseGates('') } as const;
  expect(JSON.parse(configText(load(yaml), REGISTRY, json)).exporters['x/2'].wait).toBe('1m30s');
});

test('secrets are printed behind a feature gate only', () => {
  const options = { format: 'yaml', mode: 'unredacted', gates: parseGates('') } as const;
  expect(() => configText(load(''), REGISTRY, options)).toThrow(
    '--mode: unredacted prints secrets; if that is meant, add --feature-gates=otelcol.printInitialConfig',
  );
});

const SECRET = fc.stringMatching(/^[\w$"'{}:# -]{0,8}$/).map((s) => `hunter2${s}`);
const TEXT = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.stringMatching(/^[$ab{}:]{0,8}$/),
  fc.constantFrom('0123', 'true', '${env:A}', '$$', '$${A}', '<<', '~'),
);
const KEY = fc.stringMatching(/^[\w<~ .$]{1,5}$/).filter((key) => key !== '__proto__');
const EXPORTER = fc.record({
  token: SECRET,
  tokens: fc.array(SECRET),
  headers: fc.dictionary(KEY, SECRET),
  auth: fc.record({ users: fc.array(fc.record({ name: TEXT, password: SECRET })) }),
  note: TEXT,
  notes: fc.dictionary(KEY, TEXT),
  wait: fc.nat().map((millis) => `${millis}ms`),
});

/** As a user would have to write it. */
const written = (exporter: unknown) =>
  JSON.stringify({ exporters: { x: exporter } }).replaceAll('$', '$$$$');

const shown = (yaml: string) =>
  JSON.stringify(decodeAll(load(yaml), REGISTRY).components.get('exporters')?.[0]?.config, reveal);

function reveal(this: unknown, key: string, value: unknown): unknown {
  const own = (this as Record<string, unknown>)[key];
  return own instanceof Opaque ? own.reveal() : value;
}

test('what is printed loads again as the same configuration, and no secret is in it', () => {
  fc.assert(
    fc.property(EXPORTER, (exporter) => {
      const yaml = written(exporter);
      const redacted = print(yaml);
      expect(redacted).not.toContain('hunter2');
      expect(shown(redacted)).toBe(
        shown(yaml).replaceAll(/"hunter2(\\.|[^"\\])*"/g, '"[REDACTED]"'),
      );
      const whole = print(yaml, {}, 'unredacted');
      expect(shown(whole)).toBe(shown(yaml));
      expect(print(whole, {}, 'unredacted')).toBe(whole);
    }),
    { numRuns: 300 },
  );
});
