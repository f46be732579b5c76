import { expect, test } from 'vitest';
import { CPU } from '../../src/catalog/cpu.ts';
import { parseComponentId } from '../../src/component/id.ts';
import { debug } from '../../src/exporters/debug/factory.ts';
import { detailedText, normalText } from '../../src/exporters/debug/text.ts';
import { endedPoint, numberPoint } from '../../src/pdata/point.ts';
import { createSeries } from '../../src/pdata/series.ts';

const SERIES = createSeries(
  CPU.container_cpu_usage_seconds_total,
  { id: '/a', pod: '' },
  { cpu: 'total' },
  { attributes: {} },
);
const POINTS = [numberPoint(SERIES, 1000, 2000, 0.25), endedPoint(SERIES, 3000)];

test('normal: one line per point, without empty labels', () => {
  expect(normalText(POINTS).split('\n')).toEqual([
    'container_cpu_usage_seconds_total id="/a" cpu="total" 0.25',
    'container_cpu_usage_seconds_total id="/a" cpu="total" ended',
  ]);
});

test('detailed: every field', () => {
  const text = detailedText(POINTS);
  for (const part of [
    'Name: container_cpu_usage_seconds_total',
    'DataType: sum',
    'IsMonotonic: true',
    'pod: Str()',
    'StartTimestamp: 1970-01-01T00:00:01.000Z',
    'Timestamp: 1970-01-01T00:00:02.000Z',
    'Value: 0.25',
  ]) {
    expect(text).toContain(part);
  }
});

test.each([
  ['basic', []],
  ['normal', [normalText(POINTS)]],
  ['detailed', [detailedText(POINTS)]],
] as const)('%s: what it counts, and what it prints', async (verbosity, printed) => {
  const said: [string, object?][] = [];
  const logger = { debug() {}, info: (...line: (typeof said)[0]) => void said.push(line) };
  const telemetry = { logger } as never;
  const settings = { id: parseComponentId('debug', ''), telemetry, now: Date.now };
  const exporter = debug.create(settings, { verbosity });
  await exporter.consume({ source: 'cgroup', onDemand: false, points: POINTS });
  const counts = ['Metrics', { source: 'cgroup', metrics: 1, points: 2 }];
  expect(said).toEqual([counts, ...printed.map((text) => [text])]);
});
