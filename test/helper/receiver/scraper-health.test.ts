import { afterEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/component/component.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import {
  createScraperController,
  type Scraper,
} from '../../../src/helper/receiver/scraper-controller.ts';
import { createOwnMetrics, createTelemetry } from '../../../src/service/telemetry.ts';

const LOGGER = { debug() {}, info() {}, warn() {}, error() {} };
const HOST = {} as Host;

afterEach(() => void vi.restoreAllMocks());

function setUp(scrape: Scraper['scrape'], sourceState: Scraper['sourceState'] = () => 'up') {
  const metrics = createOwnMetrics();
  const scraper = { start: async () => {}, scrape, sourceState, shutdown: async () => {} };
  const receiver = createScraperController(
    {
      id: parseComponentId('cgroup/node', ''),
      telemetry: createTelemetry(LOGGER, metrics),
      now: () => 1_700_000_000_000,
    },
    { collection_interval: 0, initial_delay: 0, timeout: 0 },
    scraper,
    { consume: async () => {} },
  );
  const own = (name: string, state?: string) =>
    metrics.values()[
      `sandgauge_source_${name}{source="cgroup/node"${state === undefined ? '' : `,state="${state}"`}}`
    ];
  const collect = (millis = 1000) =>
    receiver.collectNow(performance.now() + millis).catch(() => {});
  return { receiver, own, collect };
}

test('a receiver says by its metrics and its health how its source is', async () => {
  let failure: Error | undefined;
  let told: 'absent' | 'up' = 'absent';
  const { receiver, own, collect } = setUp(
    async () => {
      if (failure) throw failure;
      return [];
    },
    () => told,
  );
  await receiver.start(HOST);
  expect(own('state', 'up')).toBeUndefined();
  await collect();
  expect([own('state', 'absent'), own('state', 'up')]).toEqual([1, 0]);
  expect(own('last_success_timestamp_seconds')).toBeUndefined();
  expect(receiver.health?.()).toEqual({ status: 'ok', detail: 'the source is absent' });
  told = 'up';
  await collect();
  expect([own('state', 'absent'), own('state', 'up')]).toEqual([0, 1]);
  expect(own('last_success_timestamp_seconds')).toBe(1_700_000_000);
  expect(own('read_duration_seconds')).toBeLessThan(1);
  expect(receiver.health?.()).toEqual({ status: 'ok' });
  failure = Object.assign(new Error('no right'), { code: 'EPERM' });
  await collect();
  expect([own('state', 'denied'), own('failures')]).toEqual([1, 1]);
  expect(receiver.health?.()).toEqual({ status: 'recoverable_error', detail: 'no right' });
  await receiver.shutdown();
  expect(own('state', 'up')).toBeUndefined();
  expect(own('last_success_timestamp_seconds')).toBeUndefined();
});

test('a pass that is late is a recoverable error, one that never ends a permanent one', async () => {
  let finish = () => {};
  const { receiver, own, collect } = setUp(
    () => new Promise((resolve) => (finish = () => resolve([]))),
  );
  await collect(10);
  expect(own('state', 'failing')).toBe(1);
  expect(receiver.health?.()).toMatchObject({ status: 'recoverable_error' });
  const real = performance.now();
  const clock = vi.spyOn(performance, 'now').mockReturnValue(real + 61_000);
  expect(receiver.health?.()).toMatchObject({
    status: 'permanent_error',
    detail: expect.stringMatching(/^a pass is stuck, 6\d s over its time$/),
  });
  clock.mockRestore();
  finish();
  await new Promise((resolve) => setTimeout(resolve, 10));
  vi.spyOn(performance, 'now').mockReturnValue(real + 61_000);
  expect(receiver.health?.()).toMatchObject({ status: 'recoverable_error' });
});

test('a pass in time that has long been over is not stuck', async () => {
  const { receiver, collect } = setUp(async () => []);
  await collect();
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 3_600_000);
  expect(receiver.health?.()).toEqual({ status: 'ok' });
});
