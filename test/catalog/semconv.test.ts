import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { Metric } from '../../src/catalog/metric.ts';
import { TRANSLATIONS, UNMAPPED } from '../../src/catalog/semconv.ts';
import { SEMCONV } from '../../src/catalog/semconv-metrics.ts';
import { faultsOf, REGISTRY } from '../support/semconv.ts';

const files = globSync('src/catalog/*.ts', { exclude: ['src/catalog/semconv*.ts'] });
const modules: object[] = await Promise.all(files.map((file) => import(resolve(file))));
const catalog = modules
  .flatMap((module) => Object.values(module))
  .filter((set) => typeof set === 'object')
  .flatMap((set): Metric[] => Object.values(set));

test.each(catalog.filter(({ name }) => /^(container|machine)_/.test(name)))(
  '$name is translated or unmapped, not both',
  ({ name }) => {
    const ways = [
      TRANSLATIONS.some(({ from }) => from.metric.name === name),
      UNMAPPED.some((metric) => metric.name === name),
    ];
    expect(ways.filter(Boolean)).toHaveLength(1);
  },
);

test('each convention is that of the registry, and in use', () => {
  const used = TRANSLATIONS.flatMap(({ to }) => Object.values(to));
  for (const descriptor of Object.values(SEMCONV).flatMap((each) => Object.values(each))) {
    expect(used).toContain(descriptor);
    const { name, unit, type, monotonic, valueType } = descriptor;
    const sum = monotonic ? 'counter' : 'updowncounter';
    const instrument = type === 'gauge' ? 'gauge' : sum;
    expect(faultsOf({ name, unit, valueType, instrument, attributes: {} })).toEqual([]);
    expect(descriptor.temporality).toBe(type === 'gauge' ? 'unspecified' : 'cumulative');
  }
});

test('attributes are those that the registry has for the metric', () => {
  for (const { to, attributes = {}, rename = {} } of TRANSLATIONS) {
    const keys = [...Object.keys(attributes), ...Object.values(rename)].filter(Boolean);
    for (const descriptor of Object.values(to)) {
      expect(REGISTRY.metrics[descriptor.name]?.attributes).toEqual(expect.arrayContaining(keys));
    }
    for (const [key, value] of Object.entries(attributes)) {
      expect(REGISTRY.attributes[key]?.values).toContain(value);
    }
  }
});

test('own labels that a translation names are in the catalog', () => {
  for (const { from, rename = {}, formula } of TRANSLATIONS) {
    const labels = [...Object.keys(from.labels ?? {}), ...Object.keys(rename)];
    expect(from.metric.labels.toSorted()).toEqual(labels.toSorted());
    const other = formula?.other;
    expect(other?.metric.labels ?? []).toEqual(Object.keys(other?.labels ?? {}));
  }
});
