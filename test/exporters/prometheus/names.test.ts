import { expect, test } from 'vitest';
import { COMPONENTS } from '../../../src/distribution/components.ts';
import { negotiate } from '../../../src/exporters/prometheus/formats.ts';
import { headOf } from '../../../src/exporters/prometheus/head.ts';
import { metricName, STRATEGIES } from '../../../src/helper/prometheus/names.ts';
import type { Descriptor } from '../../../src/pdata/descriptor.ts';

function descriptor(name: string, unit: string, type: Descriptor['type'], monotonic = false) {
  const temporality = type === 'sum' ? 'cumulative' : 'unspecified';
  const rest = { temporality, help: '', valueType: 'double', timed: true } as const;
  return { name, unit, type, monotonic, ...rest };
}

const BOTH = { openMetrics: true, utf8: true };

// As the Collector's exporter names them under each strategy.
test.each([
  [
    'container.cpu.time',
    's',
    'sum',
    true,
    [
      'container.cpu.time',
      'container.cpu.time_seconds_total',
      'container_cpu_time_seconds_total',
      'container_cpu_time',
    ],
  ],
  [
    'container_cpu_usage_seconds_total',
    's',
    'sum',
    true,
    [
      'container_cpu_usage_seconds_total',
      'container_cpu_usage_seconds_total',
      'container_cpu_usage_seconds_total',
      'container_cpu_usage_seconds_total',
    ],
  ],
  [
    'container.memory.usage',
    'By',
    'sum',
    false,
    [
      'container.memory.usage',
      'container.memory.usage_bytes',
      'container_memory_usage_bytes',
      'container_memory_usage',
    ],
  ],
  [
    'disk.io',
    'By/s',
    'gauge',
    false,
    ['disk.io', 'disk.io_bytes_per_second', 'disk_io_bytes_per_second', 'disk_io'],
  ],
  ['2nd.use', '1', 'gauge', false, ['2nd.use', '2nd.use_ratio', '_2nd_use_ratio', '_2nd_use']],
  [
    'queue.size',
    '{item}',
    'gauge',
    false,
    ['queue.size', 'queue.size', 'queue_size', 'queue_size'],
  ],
] as const)('%s of unit %s', (name, unit, type, monotonic, names) => {
  const made = STRATEGIES.map((strategy) =>
    metricName(descriptor(name, unit, type, monotonic), strategy, ''),
  );
  expect(made).toEqual(names);
});

test.each([
  [undefined, false, false],
  ['*/*', false, false],
  ['application/openmetrics-text;version=1.0.0', true, false],
  ['application/openmetrics-text;version=0.0.1,text/plain;q=0.1', false, false],
  ['application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.3', false, false],
  // Prometheus 2.42 and 3.0.
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    true,
    false,
  ],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4',
    true,
    true,
  ],
  ['text/plain;version=1.0.0;escaping=allow-utf-8', false, true],
])('%s asks for OpenMetrics: %s, any letters: %s', (accept, openMetrics, utf8) => {
  expect(negotiate(accept, BOTH)).toEqual({ openMetrics, utf8 });
  const none = { openMetrics: false, utf8: false };
  expect(negotiate(accept, none)).toEqual(none);
});

test('no two families have the same name in OpenMetrics', () => {
  const metrics = new Set(COMPONENTS.receivers.flatMap(({ metadata }) => metadata.series));
  const lines = [...metrics].map((metric) => {
    const family = { name: metric.name, descriptor: metric, entries: new Map() };
    return headOf(family, { openMetrics: true, utf8: false }).lines.split(' ')[2];
  });
  expect(lines.length).toBeGreaterThan(50);
  // Go's own client prints this gauge and its counter so.
  const twice = lines.filter((name, i) => lines.indexOf(name) !== i);
  expect(twice.filter((name) => !name?.endsWith('_go_memstats_alloc_bytes'))).toEqual([]);
});
