import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { decode } from '../src/confmap/decode.ts';
import { confOf, parseYaml } from '../src/confmap/document.ts';
import { resolve } from '../src/confmap/resolve.ts';
import { COMPONENTS } from '../src/distribution/components.ts';
import { checkConfig } from '../src/service/check.ts';
import { buildGraph } from '../src/service/graph.ts';
import { createOwnMetrics } from '../src/service/telemetry.ts';

const factories = Object.entries(COMPONENTS).flatMap(([section, list]) =>
  list.map((factory: (typeof list)[number]) => [section, factory.metadata.type, factory] as const),
);

test.each(factories)('%s %s keeps the contract of a component', (section, type, factory) => {
  const folder = `src/${section}/${type}`;
  for (const file of ['metadata.ts', 'config.ts', 'factory.ts', 'README.md']) {
    expect(globSync(`${folder}/${file}`), file).toHaveLength(1);
  }
  const readme = readFileSync(`${folder}/README.md`, 'utf8');
  expect(readme).toMatch(/## Configuration[\s\S]*## Rights/);
  const parse = (yaml: string) => decode(factory.config, confOf(parseYaml(yaml, 'test')));
  const defaults = parse('');
  // A section stands in the table by its keys.
  for (const key of Object.keys(defaults as object)) {
    expect(readme).toMatch(new RegExp(`\`${key}(\`|::)`));
  }
  expect(() => parse('no_such_key: 1')).toThrow(/no_such_key: unknown key .*valid keys/);
});

test('there are factories, and each type is there once', () => {
  const ids = factories.map(([section, type]) => `${section}/${type}`);
  expect(ids.length).toBeGreaterThan(3);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each(['otel-collector.yaml', ...globSync('{config,examples/*}/*.yaml')])(
  'the shipped %s builds',
  (path) => {
    const { counter, gauge } = createOwnMetrics();
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const conf = resolve([path], [], { env: {}, warn: (message) => expect.fail(message) });
    checkConfig(conf, COMPONENTS);
    const graph = buildGraph(conf, {
      registry: COMPONENTS,
      telemetry: { logger, counter, gauge },
      resource: { attributes: {} },
      now: Date.now,
    });
    expect(graph.startOrder.length).toBeGreaterThan(1);
  },
);

test('each example has a README', () => {
  for (const path of globSync('examples/*/*.yaml')) {
    expect(readFileSync(`${dirname(path)}/README.md`, 'utf8')).toContain(path);
  }
});
