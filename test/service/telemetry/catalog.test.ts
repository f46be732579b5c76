import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hasMetric, OWN_METRICS } from '../../../src/service/telemetry/catalog.ts';

const sources = globSync('src/**/*.ts').filter((path) => !path.endsWith('telemetry/catalog.ts'));
const text = sources.map((path) => readFileSync(path, 'utf8')).join('\n');

test('every own metric that is named in the sources is in the catalog', () => {
  const names = new Set(text.match(/\b(otelcol|sandgauge)_[a-z_]+[a-z](?=')/g));
  expect(names.size).toBeGreaterThan(15);
  expect([...names].filter((name) => OWN_METRICS[name] === undefined)).toEqual([]);
});

test('a level has the metrics of those before it', () => {
  const levels = ['none', 'basic', 'normal', 'detailed'];
  const counts = levels.map((level) => {
    return Object.keys(OWN_METRICS).filter((name) => hasMetric(level, name)).length;
  });
  expect(counts[0]).toBe(0);
  expect(counts).toEqual([...new Set(counts)].sort((a, b) => a - b));
  expect(counts.at(-1)).toBe(Object.keys(OWN_METRICS).length);
  expect(hasMetric('normal', 'of_a_component_to_come')).toBe(true);
});
