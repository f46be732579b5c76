import { globSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { decode } from '../../src/confmap/decode.ts';
import { resolve } from '../../src/confmap/resolve.ts';
import { COMPONENTS } from '../../src/distribution/components.ts';
import { ConfigError } from '../../src/errors.ts';
import { CONFIG } from '../../src/service/config.ts';
import { resolveComponent } from '../../src/service/registry.ts';
import { createConfigSchema } from '../../tools/generate/config-schema.ts';
import { optionsOf } from '../../tools/generate/options.ts';

const SECTIONS = ['receivers', 'processors', 'exporters', 'extensions'] as const;
const ENV = { NUMBER: '5', LIST: '[runc]', TEXT: 'kubelet', SECTION: '{raw_cgroups: all}' };
const validate = new Ajv({ allowUnionTypes: true }).compile(createConfigSchema(COMPONENTS));

const options = SECTIONS.flatMap((section) =>
  COMPONENTS[section].flatMap(({ metadata, config }) =>
    optionsOf(config).map((option) => ({ ...option, section, type: metadata.type })),
  ),
);

/** Decodes a configuration as the service does, without the checks of references. */
function decodes(yaml: string): boolean {
  try {
    const conf = resolve(['a'], [], { env: ENV, builtIn: { a: yaml }, warn() {} });
    const config = decode(CONFIG, conf);
    for (const section of SECTIONS) {
      for (const id of Object.keys(config[section])) {
        resolveComponent(COMPONENTS, conf, section, id);
      }
    }
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return false;
  }
}

test.each([
  ['receivers: {cgroup: }', true],
  ['receivers: {cgroup/a: {}, cgroup/b: {timeout: 1s}}', true],
  ['receivers: {cgroup: "${env:SECTION}"}', true],
  ['receivers: {cgroups: {}}', false],
  ['receivers: {cgroup/: {}}', false],
  ['receivers: {prometheus: {}}', false],
  ['receivers: {cgroup: []}', false],
  ['receivers: {cgroup: {timout: 1s}}', false],
  ['receivers: {cgroup: {timeout: 10}}', false],
  ['receivers: {cgroup: {timeout: "${env:NUMBER}s"}}', true],
  ['receivers: {cgroup: {timeout: "$${env:NUMBER}s"}}', false],
  ['receivers: {cgroup: {fd_budget: "${env:NUMBER}"}}', true],
  ['receivers: {cgroup: {fd_budget: -1}}', false],
  ['receivers: {cgroup: {fd_budget: "5"}}', false],
  ['receivers: {cgroup: {raw_cgroups: "${env:TEXT}"}}', true],
  ['receivers: {cgroup: {raw_cgroups: some}}', false],
  ['receivers: {cgroup: {runtimes: {include: [kata], exclude: "${env:LIST}"}}}', true],
  ['receivers: {cgroup: {runtimes: {include: [xen]}}}', false],
  ['receivers: {cgroup: {runtimes: {only: [kata]}}}', false],
  ['receivers: {cgroup: {metrics: {container_memory_cache: {enabled: false}}}}', true],
  ['receivers: {cgroup: {metrics: {container_memory_cash: {enabled: false}}}}', false],
  ['exporters: {prometheus: {endpoint: "http://localhost:1"}}', false],
  ['processors: {nope: {}}', false],
  ['receivers: {cgroup/a b: {}}', false],
  ['receivers: {cgroup: {raw_units: "a,b"}}', true],
  ['receivers: {cgroup: {include: "a,b"}}', false],
  ['service: {pipelines: {metrics: , metrics/2: {receivers: [cgroup]}}}', true],
  ['service: {pipelines: {traces: {}}}', false],
  ['service: {pipelines: {metrics: {receivers: cgroup}}}', false],
  ['service: {telemetry: {logs: {level: debug}}}', true],
  ['service: {telemetry: {logs: {level: loud}}}', false],
  ['connectors: {}', false],
])('%s: schema and decoder both say %s', (yaml, isValid) => {
  expect(validate(parse(yaml)), 'schema').toBe(isValid);
  expect(decodes(yaml), 'decoder').toBe(isValid);
});

const VALUES = [
  ...[null, true, false, 0, 1, -1, 1.5, 1e300, '', '0', '5', '1m30s', '1.5h', '-1s', '1x'],
  ...['a', 'auto', 'basic', '/a/*', 'localhost:1', ':80', '[::1]:65535', 'a:65536', 'a:b:1'],
  ...[[], ['a'], [1], [null], ['runc'], ['cpu', 'spec'], [['a']], {}, { a: 1 }, { enabled: true }],
  ...[{ container_memory_cache: null }, { container_memory_cache: { enabled: 1 } }],
];

test.each(options)('schema and decoder agree on $type $key', ({ section, type, key }) => {
  for (const value of VALUES) {
    const config = key
      .split('::')
      .reduceRight<unknown>((below, name) => ({ [name]: below }), value);
    const document = { [section]: { [type]: config } };
    const yaml = JSON.stringify(document);
    expect(validate(document), `schema on ${yaml}`).toBe(decodes(yaml));
  }
});

test.each(options)('the default of $type $key is $shown', ({ shown, codec, default: value }) => {
  const conf = { value: parse(shown), locate: () => undefined };
  expect(decode(codec as Parameters<typeof decode>[0], conf)).toEqual(value);
});

test.each(['otel-collector.yaml', ...globSync('{config,examples/*}/*.yaml')])(
  'the shipped %s is valid',
  (path) => {
    expect(validate(parse(readFileSync(path, 'utf8'))), JSON.stringify(validate.errors)).toBe(true);
  },
);
