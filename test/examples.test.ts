import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { type Agent, startAgent } from './support/agent.ts';
import { findPeer, isMissing } from './support/peers.ts';
import { type Prometheus, startPrometheus } from './support/prometheus.ts';

const isSkipped = isMissing('examples under Prometheus', {
  prometheus: findPeer('prometheus'),
  promtool: findPeer('promtool'),
});
// Where the examples put a socket and a queue.
const folder = mkdtempSync(join(tmpdir(), 'sandgauge-examples-'));
process.env.XDG_RUNTIME_DIR = folder;
process.env.SANDGAUGE_QUEUE = join(folder, 'queue');
afterAll(() => rmSync(folder, { recursive: true }));
let agent: Agent | undefined;
let prometheus: Prometheus | undefined;
afterEach(async () => {
  await prometheus?.stop();
  await agent?.stop();
});

test.each([
  'otel-collector.yaml',
  ...[
    'config/kubernetes-all.yaml',
    'config/otlp.yaml',
    'config/otlp-semconv.yaml',
    'config/kata.yaml',
    'config/libvirt.yaml',
  ],
  ...globSync('examples/*/*.yaml'),
])('%s starts, and runs as it says', async (path) => {
  const running = await startAgent(
    ['--config', path],
    /^ {2}prometheus:/m.test(readFileSync(path, 'utf8')),
  );
  agent = running;
  if (agent.url === '') await sleep(500);
  // A receiver on a timer has its first pass a moment after the start.
  else await expect.poll(() => running.scrape()).toMatch(/^container_cpu_usage_seconds_total\{/m);
  expect(agent.log()).not.toMatch(/\terror\t/);
  expect(await agent.stop()).toBe(0);
});

test.skipIf(isSkipped).each(globSync('examples/*/prometheus*.yml'))('promtool takes %s', (path) => {
  // Debian builds Prometheus without this discovery; everything else of the job is checked.
  const text = readFileSync(path, 'utf8').replace(
    /kubernetes_sd_configs:\n( +- )role: pod/,
    'static_configs:\n$1targets: []',
  );
  writeFileSync(join(folder, 'prometheus.yml'), text);
  const args = ['check', 'config', join(folder, 'prometheus.yml')];
  const { stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  expect(stdout + stderr).toContain('SUCCESS');
});

test.skipIf(isSkipped)(
  'the example of Prometheus finds rows under the labels of the kubelet',
  async () => {
    agent = await startAgent(['--config', 'examples/prometheus/otel-collector.yaml']);
    const config = readFileSync('examples/prometheus/prometheus.yml', 'utf8')
      .replace('localhost:9464', new URL(agent.url).host)
      .replace('scrape_interval: 15s', 'scrape_interval: 1s')
      .replace('scrape_timeout: 10s', 'scrape_timeout: 1s');
    const running = await startPrometheus(config);
    prometheus = running;
    const selector = '{job="kubelet",metrics_path="/metrics/cadvisor",id="/"}';
    const query = () => running.query(`container_memory_working_set_bytes${selector}`);
    // Prometheus looks for targets some seconds after its start.
    await expect.poll(query, { timeout: 20_000, interval: 500 }).toHaveLength(1);
  },
  30_000,
);
