import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { MEMORY } from '../../../src/catalog/memory.ts';
import type { Exporter, Host } from '../../../src/component/component.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { prometheus } from '../../../src/exporters/prometheus/factory.ts';
import { numberPoint } from '../../../src/pdata/point.ts';
import { createSeries, NO_LABELS } from '../../../src/pdata/series.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { freePort } from '../../support/agent.ts';

const SERIES = createSeries(MEMORY.container_memory_rss, { id: '/' }, NO_LABELS, {
  attributes: {},
});
const LOGGER = { debug() {}, info() {}, warn() {}, error() {} };
let exporter: Exporter;
afterEach(() => exporter.shutdown());

/** Starts an exporter whose source takes `takes` ms and counts its collections. */
async function setUp(takes: number, maxAge: number) {
  const port = await freePort();
  const metrics = createOwnMetrics();
  const deadlines: number[] = [];
  const config = {
    endpoint: { host: 'localhost', port },
    send_timestamps: false,
    metric_expiration: 300_000,
    collect_on_scrape: true,
    max_age: maxAge,
  };
  const telemetry = { logger: LOGGER, counter: metrics.counter, gauge: metrics.gauge };
  const settings = { id: parseComponentId('prometheus', ''), telemetry, now: Date.now };
  exporter = prometheus.create(settings, config);
  const host: Host = {
    resource: { attributes: {} },
    extension: () => undefined,
    async collect(asker, deadline) {
      deadlines.push(deadline - performance.now());
      const remaining = deadline - performance.now();
      await sleep(Math.min(takes, remaining));
      if (takes > remaining) return;
      const points = [numberPoint(SERIES, 0, 1, deadlines.length)];
      await asker.consume({ source: 'slow', onDemand: true, points });
    },
  };
  await exporter.start(host);
  const scrape = async (headers: Record<string, string> = {}) => {
    const reply = await fetch(`http://127.0.0.1:${port}/metrics`, { headers });
    return /^container_memory_rss\S+ (\d+)$/m.exec(await reply.text())?.[1];
  };
  return { deadlines, scrape };
}

test('a collection serves the scrapes of the next max_age and no later one', async () => {
  const { scrape } = await setUp(0, 200);
  expect(await scrape()).toBe('1');
  expect(await scrape()).toBe('1');
  await sleep(250);
  expect(await scrape()).toBe('2');
});

test('the deadline is the scraper timeout less a tenth, else 5 s', async () => {
  const { scrape, deadlines } = await setUp(0, 0);
  await scrape({ 'x-prometheus-scrape-timeout-seconds': '1' });
  await scrape();
  await scrape({ 'x-prometheus-scrape-timeout-seconds': 'soon' });
  expect(deadlines.map((millis) => Math.round(millis / 100) * 100)).toEqual([900, 5000, 5000]);
});

test('a source that hangs is left out in time, and its old value is not served instead', async () => {
  const { scrape } = await setUp(700, 0);
  expect(await scrape()).toBe('1');
  const start = performance.now();
  expect(await scrape({ 'x-prometheus-scrape-timeout-seconds': '0.5' })).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(600);
  expect(await scrape()).toBe('3');
});

test('many scrapes at once, plain and zipped, each get a whole answer', async () => {
  const { scrape } = await setUp(20, 0);
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      scrape({ 'accept-encoding': i % 2 ? 'gzip' : 'identity' }),
    ),
  );
  expect(answers.every((answer) => answer !== undefined)).toBe(true);
});
