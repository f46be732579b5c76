import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { MEMORY } from '../../../src/catalog/memory.ts';
import type { Exporter, Host } from '../../../src/component/component.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { prometheus } from '../../../src/exporters/prometheus/factory.ts';
import { numberPoint } from '../../../src/pdata/point.ts';
import { createSeries, NO_LABELS } from '../../../src/pdata/series.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { freePort } from '../../support/agent.ts';

const SERIES = createSeries(MEMORY.container_memory_rss, { id: '/' }, NO_LABELS, {
  attributes: { 'host.name': 'node' },
});
const LOGGER = { debug() {}, info() {}, warn() {}, error() {} };
let exporter: Exporter;
afterEach(() => exporter.shutdown());

/** Starts an exporter whose source takes `takes` ms and counts its collections. */
async function setUp(takes: number, maxAge: number, own = '') {
  const port = await freePort();
  const metrics = createOwnMetrics();
  const deadlines: number[] = [];
  const yaml = `{endpoint: 'localhost:${port}', collect_on_scrape: true, max_age: ${maxAge}ms, ${own}}`;
  const config = decode(prometheus.config, confOf(parseYaml(yaml, 'test')));
  const telemetry = { logger: LOGGER, counter: metrics.counter, gauge: metrics.gauge };
  const settings = { id: parseComponentId('prometheus', ''), telemetry, now: Date.now };
  exporter = prometheus.create(settings, config);
  const host: Pick<Host, 'resource' | 'extension' | 'collect'> = {
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
  await exporter.start(host as Host);
  const scrape = async (headers: Record<string, string> = {}) => {
    const reply = await fetch(`http://127.0.0.1:${port}/metrics`, { headers });
    return /^container_memory_rss\S+ (\d+)$/m.exec(await reply.text())?.[1];
  };
  const ask = (accept = '') => fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } });
  return { deadlines, scrape, ask, metrics };
}

test('a collection serves the scrapes of the next max_age and no later one', async () => {
  const { scrape } = await setUp(0, 1_000);
  expect(await scrape()).toBe('1');
  expect(await scrape()).toBe('1');
  await sleep(1_050);
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
  const { scrape } = await setUp(1_500, 0);
  expect(await scrape()).toBe('1');
  const start = performance.now();
  expect(await scrape({ 'x-prometheus-scrape-timeout-seconds': '0.5' })).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(1_300);
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

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5';

test('OpenMetrics is answered where it is enabled and asked for, within one collection', async () => {
  const { ask } = await setUp(0, 30_000, 'enable_open_metrics: true');
  const open = await ask(OPEN_METRICS);
  expect(open.headers.get('content-type')).toContain('application/openmetrics-text; version=1.0.0');
  expect(await open.text()).toMatch(/container_memory_rss\{id="\/"\} 1\n# EOF\n$/);
  const plain = await ask();
  expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await plain.text()).toMatch(/container_memory_rss\{id="\/"\} 1\n$/);
});

test('OpenMetrics is not answered by default', async () => {
  const { ask } = await setUp(0, 0);
  const reply = await ask(OPEN_METRICS);
  expect(reply.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
});

test('const_labels, namespace and resource attributes are in each row', async () => {
  const own =
    'const_labels: {site: "a\\"b"}, namespace: ns, resource_to_telemetry_conversion: {enabled: true}';
  const { ask } = await setUp(0, 0, own);
  expect(await (await ask()).text()).toContain(
    'ns_container_memory_rss{site="a\\"b",host_name="node",id="/"} 1\n',
  );
});

test.each([
  ['add_metric_suffixes: true, translation_strategy: NoUTF8EscapingWithSuffixes', /is deprecated/],
  ['const_labels: {__x: y}', /const_labels::__x: "__x" is no label name/],
  ['translation_strategy: Any', /translation_strategy: expected one of: NoTranslation/],
])('%s is a fault', async (own, fault) => {
  await expect(setUp(0, 0, own)).rejects.toThrow(fault);
});
