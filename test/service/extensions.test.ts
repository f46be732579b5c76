import { expect, test } from 'vitest';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { COMPONENTS } from '../../src/distribution/components.ts';
import { buildGraph } from '../../src/service/graph.ts';
import { createOwnMetrics } from '../../src/service/telemetry.ts';

const YAML = `
receivers: {cgroup: {collection_interval: 0s}}
exporters: {prometheus: {collect_on_scrape: true}}
extensions:
  basicauth/other: {htpasswd: {inline: "a:b"}}
  workload_observer/mine:
service:
  extensions: [basicauth/other, workload_observer/mine]
  pipelines:
    metrics: {receivers: [cgroup], exporters: [prometheus]}
`;

test('an authenticator is found by its id alone; the only observer also by its type', () => {
  const { counter, gauge } = createOwnMetrics();
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const { host } = buildGraph(confOf(parseYaml(YAML, 'test')), {
    registry: COMPONENTS,
    telemetry: { logger, counter, gauge },
    resource: { attributes: {} },
    now: Date.now,
  });
  expect(host.extension('basicauth', 'exact')).toBeUndefined();
  expect(host.extension('basicauth/other', 'exact')).toBeDefined();
  expect(host.extension('workload_observer')).toBe(host.extension('workload_observer/mine'));
});
