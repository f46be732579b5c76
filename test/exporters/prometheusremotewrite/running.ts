import { afterEach } from 'vitest';
import type { Extension } from '../../../src/component/component.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { createEncoder } from '../../../src/exporters/prometheusremotewrite/encoder.ts';
import { prometheusRemoteWrite } from '../../../src/exporters/prometheusremotewrite/factory.ts';
import type { Point } from '../../../src/pdata/point.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { loadDecoder } from '../../support/remote-write/decode.ts';

/** Retries soon, for long. */
export const RETRY =
  'retry_on_failure: {initial_interval: 20ms, max_interval: 100ms, max_elapsed_time: 10s}';

/** What to stop after a test, the last first. */
export const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function settingsOf() {
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const say = (message: string, more?: object) => {
    log.push(`${message} ${JSON.stringify(more)}`);
  };
  const logger = { debug() {}, info: say, warn: say, error: say };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge };
  const id = parseComponentId('prometheusremotewrite', '');
  /** The sum of a metric's rows that have this text among their labels. */
  const count = (name: string, label = '') =>
    Object.entries(metrics.values())
      .filter(([row]) => row.startsWith(`${name}{`) && row.includes(label))
      .reduce((sum, [, value]) => sum + value, 0);
  return { settings: { id, telemetry, now: Date.now }, log, count };
}

function configOf(yaml: string) {
  return decode(prometheusRemoteWrite.config, confOf(parseYaml(yaml, 'test')));
}

/** Makes an exporter, with what it logs and counts. Throws what its factory throws. */
export function create(yaml: string) {
  const { settings, log, count } = settingsOf();
  return { exporter: prometheusRemoteWrite.create(settings, configOf(yaml)), log, count };
}

/** Starts one that is stopped after the test, beside an extension or none. */
export async function run(port: number, yaml: string, extension?: Extension) {
  const created = create(`endpoint: http://127.0.0.1:${port}/api/v1/write\n${yaml}`);
  await created.exporter.start({ version: '1.2.3', extension: () => extension } as never);
  stops.push(() => created.exporter.shutdown());
  return created;
}

/** A batch of points. */
export function batchOf(points: readonly Point[]) {
  return { source: 'test', onDemand: false, points };
}

/** Encodes batches and decodes them again: the requests of each. */
export async function createEncoding(yaml = '') {
  const { settings, log, count } = settingsOf();
  const encode = createEncoder(settings, configOf(yaml));
  const decodeBody = await loadDecoder();
  const requestsOf = (points: readonly Point[]) =>
    encode(batchOf(points)).map(({ bytes, points: count }) => ({ ...decodeBody(bytes), count }));
  /** Samples by name and labels, `name{a="b"}`, of a batch. */
  const rowsOf = (points: readonly Point[]) =>
    Object.fromEntries(
      requestsOf(points)
        .flatMap(({ series }) => series)
        .map(({ labels, samples }) => [textOf(labels), samples]),
    );
  return { requestsOf, rowsOf, log, count };
}

/** Labels as Prometheus prints them. */
function textOf(labels: readonly (readonly [string, string])[]): string {
  const name = labels.find(([label]) => label === '__name__')?.[1];
  const others = labels.filter(([label]) => label !== '__name__');
  return `${name}{${others.map(([label, value]) => `${label}="${value}"`).join(',')}}`;
}
