import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { MEMORY } from '../../../src/catalog/memory.ts';
import type { Host } from '../../../src/component/component.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { LateError } from '../../../src/errors.ts';
import {
  createScraperController,
  type Scraper,
} from '../../../src/helper/receiver/scraper-controller.ts';
import type { Batch } from '../../../src/pdata/batch.ts';
import { endedPoint, numberPoint, type Point } from '../../../src/pdata/point.ts';
import { createSeries, NO_LABELS } from '../../../src/pdata/series.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';

const SERIES = createSeries(MEMORY.container_memory_rss, { id: '/' }, NO_LABELS, {
  attributes: {},
});
const LOGGER = { debug() {}, info() {}, warn() {}, error() {} };
const HOST = {} as Host;
const soon = (millis: number) => performance.now() + millis;

function setUp(scrape: () => Promise<Point[]>, collection_interval = 0, timeout = 0) {
  const batches: Batch[] = [];
  const metrics = createOwnMetrics();
  const scraper: Scraper = { start: async () => {}, scrape, shutdown: async () => {} };
  const settings = {
    id: parseComponentId('cgroup', ''),
    telemetry: { logger: LOGGER, counter: metrics.counter, gauge: metrics.gauge },
    now: Date.now,
  };
  const config = { collection_interval, initial_delay: 0, timeout };
  const receiver = createScraperController(settings, config, scraper, {
    async consume(batch) {
      batches.push(batch);
    },
  });
  return { batches, receiver, metrics };
}

test('callers that come while a pass reads share it; passes never overlap', async () => {
  let passes = 0;
  let running = 0;
  const { batches, receiver } = setUp(async () => {
    passes++;
    expect(++running).toBe(1);
    await sleep(30);
    running--;
    return [numberPoint(SERIES, 0, 1, passes)];
  });
  await Promise.all([receiver.collectNow(soon(500)), receiver.collectNow(soon(500))]);
  expect([passes, batches.length]).toEqual([1, 1]);
  await receiver.collectNow(soon(500));
  expect(passes).toBe(2);
  expect(batches[0]).toMatchObject({ source: 'cgroup', onDemand: true });
});

test('an impatient caller does not spoil the pass of a patient one', async () => {
  const { batches, receiver } = setUp(async () => {
    await sleep(100);
    return [numberPoint(SERIES, 0, 1, 7)];
  });
  const patient = receiver.collectNow(soon(1000));
  await expect(receiver.collectNow(soon(10))).rejects.toBeInstanceOf(LateError);
  await patient;
  expect(batches).toHaveLength(1);
});

test('a late answer goes nowhere, but the ends of series that it found do', async () => {
  const { batches, receiver, metrics } = setUp(async () => {
    await sleep(60);
    return [endedPoint(SERIES, 1), numberPoint(SERIES, 0, 1, 7)];
  });
  await expect(receiver.collectNow(soon(10))).rejects.toBeInstanceOf(LateError);
  await sleep(100);
  expect(batches.flatMap((batch) => batch.points.map((point) => point.flags))).toEqual([1]);
  const errored = 'otelcol_scraper_errored_metric_points{receiver="cgroup",scraper="cgroup"}';
  expect(metrics.values()[errored]).toBe(1);
});

test('a source that fails is counted and asked again', async () => {
  let passes = 0;
  const { batches, receiver } = setUp(async () => {
    if (++passes === 1) throw new Error('gone');
    return [numberPoint(SERIES, 0, 1, 7)];
  });
  await expect(receiver.collectNow(soon(100))).rejects.toThrow('gone');
  await receiver.collectNow(soon(100));
  expect(batches).toHaveLength(1);
});

test('a timer reads until shutdown, and shutdown twice is safe', async () => {
  const { batches, receiver } = setUp(async () => [numberPoint(SERIES, 0, 1, 7)], 20);
  await receiver.start(HOST);
  await expect.poll(() => batches.length).toBeGreaterThan(2);
  await receiver.shutdown();
  await receiver.shutdown();
  const seen = batches.length;
  expect(batches[0]?.onDemand).toBe(false);
  await sleep(60);
  expect(batches).toHaveLength(seen);
});
