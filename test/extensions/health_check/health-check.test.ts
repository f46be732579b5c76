import { expect, test } from 'vitest';
import type { AgentHealth, Component, Extension, Host } from '../../../src/component/component.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { section } from '../../../src/confmap/codecs.ts';
import { answer } from '../../../src/extensions/health_check/answer.ts';
import { CONFIG, type Config } from '../../../src/extensions/health_check/config.ts';
import { healthCheck } from '../../../src/extensions/health_check/factory.ts';
import { createHealthMonitor } from '../../../src/service/health.ts';
import { startService } from '../../../src/service/service.ts';
import { createOwnMetrics, createTelemetry } from '../../../src/service/telemetry.ts';
import { freePort } from '../../support/agent.ts';

const LOGGER = { debug() {}, info() {}, warn() {}, error() {} };
const DEFAULTS = CONFIG.parse({}) as Config;
const UP = Date.parse('2026-11-21T10:00:00Z');
const NOW = UP + 3_723_456;

function ask(target: string, health: Partial<AgentHealth> = {}, config: Partial<Config> = {}) {
  const whole: AgentHealth = { phase: 'running', upSince: UP, components: [], ...health };
  const found = answer(target, { ...DEFAULTS, ...config }, whole, NOW);
  return (
    found && { ...found, body: found.body.startsWith('{') ? JSON.parse(found.body) : found.body }
  );
}

const STUCK: AgentHealth['components'] = [
  { id: 'runsc', status: 'permanent_error', detail: 'stuck' },
];
const FAILING: AgentHealth['components'] = [
  { id: 'runsc', status: 'ok', detail: 'the source is absent' },
  { id: 'otlp', status: 'recoverable_error', detail: 'UNAVAILABLE' },
];

test("the body is the Collector's", () => {
  expect(ask('/')).toEqual({
    isHealthy: true,
    contentType: 'application/json',
    body: {
      status: 'Server available',
      upSince: '2026-11-21T10:00:00.000Z',
      uptime: '1h2m3.456s',
    },
  });
  expect(ask('/', { phase: 'starting', upSince: undefined })).toMatchObject({
    isHealthy: false,
    body: { status: 'Server not available', upSince: '0001-01-01T00:00:00Z', uptime: '' },
  });
});

test.each<[string, Partial<AgentHealth>, live: boolean, ready: boolean]>([
  ['while it starts', { phase: 'starting' }, true, false],
  ['while it runs', {}, true, true],
  ['while it stops', { phase: 'stopping' }, true, false],
  [
    'with a source that is absent and a Collector that is down',
    { components: FAILING },
    true,
    true,
  ],
  ['with a pass that is stuck', { components: STUCK }, false, false],
])('liveness and readiness %s', (_, health, live, ready) => {
  expect(ask('/livez', health)?.isHealthy).toBe(live);
  expect(ask('/readyz', health)?.isHealthy).toBe(ready);
  expect(ask('/', health)?.isHealthy).toBe(ready);
});

test('?verbose tells of each component; other paths are none', () => {
  expect(ask('/livez?verbose', { components: FAILING })?.body).toMatchObject({
    status: 'Server available',
    phase: 'running',
    components: FAILING,
  });
  expect(ask('/livez')?.body).not.toHaveProperty('components');
  expect(ask('/metrics')).toBeUndefined();
});

test('path and response_body are as configured', () => {
  const config = { path: '/health/status', response_body: { healthy: 'fine', unhealthy: 'bad' } };
  expect(ask('/health/status', {}, config)).toMatchObject({ isHealthy: true, body: 'fine' });
  const starting = { phase: 'starting' } as const;
  expect(ask('/health/status', starting, config)).toMatchObject({ isHealthy: false, body: 'bad' });
  expect(ask('/', {}, config)).toBeUndefined();
  expect(ask('/livez', {}, config)?.body).toMatchObject({ status: 'Server available' });
});

test('by HTTP it is not ready before the last component has started, nor in the shutdown', async () => {
  const port = await freePort();
  const telemetry = createTelemetry(LOGGER, createOwnMetrics());
  const settings = { id: parseComponentId('health_check', ''), telemetry, now: Date.now };
  const config = section({ service: CONFIG }).parse({
    service: { endpoint: `127.0.0.1:${port}` },
  }) as { service: Config };
  const extension: Extension = healthCheck.create(settings, config.service);
  const seen: unknown[] = [];
  const probe = async (when: string) => {
    const [ready, live] = await Promise.all(
      ['/readyz', '/livez'].map((path) => fetch(`http://127.0.0.1:${port}${path}`)),
    );
    seen.push([when, ready?.status, live?.status]);
  };
  const receiver: Component = {
    start: () => probe('start'),
    shutdown: () => probe('shutdown'),
  };
  const monitor = createHealthMonitor(Date.now);
  const host = { extension: () => undefined, health: monitor.read } as unknown as Host;
  const startOrder = monitor.watch([
    { id: 'health_check', component: extension },
    { id: 'cgroup', component: receiver },
  ]);
  const service = await startService({ host, startOrder }, LOGGER);
  await probe('run');
  monitor.exported('cgroup', new Error('no exporter, so not told'));
  expect(monitor.read().components).toEqual([
    { id: 'health_check', status: 'ok' },
    { id: 'cgroup', status: 'ok' },
  ]);
  await service.shutdown();
  expect(seen).toEqual([
    ['start', 503, 200],
    ['run', 200, 200],
    ['shutdown', 503, 200],
  ]);
  await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow();
});
