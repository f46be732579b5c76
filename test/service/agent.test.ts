import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { Component, Exporter } from '../../src/component/component.ts';
import type { Registry } from '../../src/component/factory.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { type AgentOptions, startAgent } from '../../src/service/agent.ts';
import { buildGraph } from '../../src/service/graph.ts';
import { createOwnMetrics } from '../../src/service/telemetry.ts';

const YAML = (setting: string) => `
receivers: {source: {setting: ${setting}, password: hidden-${setting}}}
exporters: {end: }
service:
  telemetry: {metrics: {level: none}}
  pipelines: {metrics: {receivers: [source], exporters: [end]}}
`;

/** An agent whose `failures` say which settings cannot be started, and how often. */
function setUp() {
  const events: string[] = [];
  const log: string[] = [];
  const failures = new Map<string, number>();
  const say = (level: string) => (message: string, fields?: object) => {
    log.push(`${level}: ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`);
  };
  const logger = { debug() {}, info: say('info'), warn: say('warn'), error: say('error') };
  const metadata = (type: string) =>
    ({ type, summary: '', stability: 'development', series: [] }) as const;
  const registry: Registry = {
    ...{ extensions: [], processors: [] },
    exporters: [
      {
        metadata: metadata('end'),
        config: z.any(),
        create: (): Exporter => ({ ...life('end'), asks: true, async consume() {} }),
      },
    ],
    receivers: [
      {
        metadata: metadata('source'),
        config: z.any(),
        create: (_, config) => ({
          ...life((config as { setting: string }).setting),
          onDemand: true,
          async collectNow() {},
        }),
      },
    ],
  };
  const { counter, gauge } = createOwnMetrics();
  let text = YAML('one');
  const options: AgentOptions = {
    load: () => confOf(parseYaml(text, 'config.yaml')),
    build: (conf) => ({
      logger,
      graph: buildGraph(conf, {
        ...{ registry, telemetry: { logger, counter, gauge } as never, now: Date.now },
        resource: { attributes: {} },
      }),
    }),
  };
  return { options, events, log, failures, write: (next: string) => (text = next) };

  function life(id: string): Component {
    return {
      async start() {
        const left = failures.get(id) ?? 0;
        if (left > 0) {
          failures.set(id, left - 1);
          throw new Error(`${id} cannot be started`);
        }
        events.push(`start ${id}`);
      },
      async shutdown() {
        events.push(`stop ${id}`);
      },
    };
  }
}

test('a changed configuration replaces the old one; the log names keys, never values', async () => {
  const { options, events, log, write } = setUp();
  const agent = await startAgent(options);
  write(YAML('two'));
  await agent.reload();
  expect(events).toEqual([
    'start end',
    'start one',
    'stop one',
    'stop end',
    'start end',
    'start two',
  ]);
  expect(log[0]).toContain('["receivers::source::setting","receivers::source::password"]');
  expect(log.join()).not.toContain('hidden');
  await agent.shutdown();
  expect(events.slice(-2)).toEqual(['stop two', 'stop end']);
});

test('an unchanged one changes nothing', async () => {
  const { options, events, log } = setUp();
  const agent = await startAgent(options);
  await agent.reload();
  expect(events).toEqual(['start end', 'start one']);
  expect(log).toEqual(['info: Configuration has not changed, nothing to do']);
  await agent.shutdown();
});

test.each([
  ['no YAML', 'receivers: ['],
  ['an unknown key', YAML('two').replace('service:', 'servce:')],
  ['an unknown component', YAML('two').replaceAll('source', 'sauce')],
])('%s: the old one stays, and the log says why', async (_, text) => {
  const { options, events, log, write } = setUp();
  const agent = await startAgent(options);
  write(text);
  await agent.reload();
  expect(events).toEqual(['start end', 'start one']);
  expect(log).toHaveLength(1);
  expect(log[0]).toMatch(/^error: Configuration cannot be used, the old one stays/);
  await agent.shutdown();
});

test('one that cannot be started: the old one is started again', async () => {
  const { options, events, log, failures, write } = setUp();
  const agent = await startAgent(options);
  failures.set('two', 1);
  write(YAML('two'));
  await agent.reload();
  expect(events.slice(-2)).toEqual(['start end', 'start one']);
  expect(log.join('\n')).toMatch(
    /going back to the old one.*two cannot be started[\s\S]*runs again/,
  );
  // It is tried once more when asked.
  await agent.reload();
  expect(events.slice(-2)).toEqual(['start end', 'start two']);
  await agent.shutdown();
});

test('neither can be started: the old one is tried until it runs, or the agent is stopped', async () => {
  const { options, events, failures, write } = setUp();
  const agent = await startAgent(options);
  failures.set('two', 1).set('one', 1000);
  write(YAML('two'));
  const reloaded = agent.reload();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await agent.shutdown();
  await reloaded;
  expect(events.at(-1)).toBe('stop end');
});

test('the first configuration has to start', async () => {
  const { options, failures } = setUp();
  failures.set('one', 1);
  await expect(startAgent(options)).rejects.toThrow('one cannot be started');
});

test('reloads that come at once are done one after another', async () => {
  const { options, events, write } = setUp();
  const agent = await startAgent(options);
  write(YAML('two'));
  const first = agent.reload();
  write(YAML('three'));
  await Promise.all([first, agent.reload(), agent.reload()]);
  expect(events.filter((event) => /start (two|three)/.test(event))).toEqual(['start three']);
  await agent.shutdown();
});
