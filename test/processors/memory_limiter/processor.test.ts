import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import type { Batch } from '../../../src/pdata/batch.ts';
import { endedPoint, isEnded, numberPoint } from '../../../src/pdata/point.ts';
import { createSeries, NO_LABELS } from '../../../src/pdata/series.ts';
import { CONFIG } from '../../../src/processors/memory_limiter/config.ts';
import { memoryLimiter } from '../../../src/processors/memory_limiter/factory.ts';
import { limitsOf } from '../../../src/processors/memory_limiter/limits.ts';
import { createMemoryLimiter } from '../../../src/processors/memory_limiter/processor.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';

const SERIES = createSeries(MEMORY.container_memory_rss, { id: '/' }, NO_LABELS, {
  attributes: {},
});
const BATCH: Batch = {
  ...{ source: 'cgroup', onDemand: true },
  points: [numberPoint(SERIES, 0, 1, 2), endedPoint(SERIES, 1)],
};
const HOST = { resource: { attributes: {} }, extension: () => undefined } as never;

function setUp() {
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const say = (message: string) => void log.push(message);
  const logger = { debug() {}, info: say, warn: say, error: say };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge } as never;
  const settings = { id: parseComponentId('memory_limiter', ''), telemetry, now: Date.now };
  const passed: Batch[] = [];
  const next = { consume: async (batch: Batch) => void passed.push(batch) };
  const state = { used: 10, collections: 0, freed: 0 };
  const memory = {
    usedBytes: () => state.used,
    collectGarbage() {
      state.collections++;
      state.used -= state.freed;
    },
  };
  return { metrics, log, settings, passed, next, state, memory };
}

test('over the soft limit data is refused and counted, ends of series pass, and it recovers', async () => {
  const { metrics, log, settings, passed, next, state, memory } = setUp();
  const options = { soft: 80, hard: 100, checkMillis: 5 };
  const limiter = createMemoryLimiter(settings, options, next, memory);
  await limiter.start(HOST);
  await limiter.consume(BATCH);
  expect(passed).toEqual([BATCH]);
  state.used = 90;
  await sleep(30);
  await expect(limiter.consume(BATCH)).rejects.toThrow('data refused due to high memory usage');
  expect(passed[1]?.points.map(isEnded)).toEqual([true]);
  expect(metrics.values()).toMatchObject({
    'otelcol_processor_refused_metric_points{processor="memory_limiter"}': 1,
  });
  expect(state.collections).toBe(0);
  state.used = 10;
  await sleep(30);
  await limiter.consume(BATCH);
  expect(log).toHaveLength(2);
  await limiter.shutdown();
});

test('over the hard limit garbage is collected, at most every 10 s', async () => {
  const { settings, passed, next, state, memory } = setUp();
  const options = { soft: 80, hard: 100, checkMillis: 5 };
  const limiter = createMemoryLimiter(settings, options, next, memory);
  await limiter.start(HOST);
  Object.assign(state, { used: 120, freed: 100 });
  await sleep(30);
  await limiter.consume(BATCH);
  expect(passed).toHaveLength(1);
  expect(state.collections).toBe(1);
  Object.assign(state, { used: 120, freed: 0 });
  await sleep(30);
  expect(state.collections).toBe(1);
  await limiter.shutdown();
});

test("V8's own figures: garbage that is collected lets data pass", async () => {
  const { settings, next } = setUp();
  const config = decode(CONFIG, confOf(parseYaml('{check_interval: 1s, limit_mib: 4000}', 'test')));
  const limiter = memoryLimiter.create(settings, config, next);
  await limiter.start(HOST);
  await expect(limiter.consume(BATCH)).resolves.toBeUndefined();
  await limiter.shutdown();
});

test.each([
  ['limit_mib: 100', 'check_interval: must be greater than zero'],
  ['check_interval: 1s', "'limit_mib' or 'limit_percentage' must be greater than zero"],
  ['check_interval: 1s\nlimit_mib: 10\nspike_limit_mib: 10', "must be smaller than 'limit_mib'"],
  [
    'check_interval: 1s\nlimit_percentage: 10\nspike_limit_percentage: 20',
    "must be smaller than 'limit_percentage'",
  ],
])('%s is refused', (yaml, reason) => {
  const config = decode(CONFIG, confOf(parseYaml(yaml, 'test')));
  expect(() => limitsOf(config, 'processors::memory_limiter', 1e9)).toThrow(reason);
});

test('a fifth of the limit is kept for spikes', () => {
  const config = decode(
    CONFIG,
    confOf(parseYaml('{check_interval: 1s, limit_percentage: 50}', 't')),
  );
  expect(limitsOf(config, '', 1000)).toEqual({ hard: 500, soft: 400 });
});
