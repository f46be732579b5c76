import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, freePort, rowsOf, startAgent } from '../support/agent.ts';
import { containerdConfig, makeFifo } from '../support/bundles.ts';
import { makeNode, type Node, scopeOf } from './node.ts';

const DEADLINE_SECONDS = 3;
const CPU = 'container_cpu_usage_seconds_total';
let node: Node;
let agent: Agent;
let folder: string;
beforeEach(async () => {
  node = await makeNode();
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-agent-'));
});
afterEach(async () => {
  await agent.stop();
  await node.close();
  rmSync(folder, { recursive: true });
});

function writeConfig(port: number): string {
  const root = `root_path: ${node.path}`;
  const path = join(folder, 'config.yaml');
  writeFileSync(
    path,
    `extensions: {workload_observer: {${root}}}
receivers:
  cgroup: {${root}, collection_interval: 0s}
  runsc: {${root}, collection_interval: 0s}
exporters:
  prometheus: {endpoint: '127.0.0.1:${port}', collect_on_scrape: true, max_age: 0s}
service:
  extensions: [workload_observer]
  pipelines: {metrics: {receivers: [cgroup, runsc], exporters: [prometheus]}}
`,
  );
  return path;
}

test('everything in trouble at once: a scrape has the rest in time, and the agent lives', async () => {
  agent = await startAgent(['--config', writeConfig(await freePort())]);
  const ids = (text: string) => [...rowsOf(text, CPU).keys()].join('\n');
  const scrape = async () => {
    const headers = { 'x-prometheus-scrape-timeout-seconds': String(DEADLINE_SECONDS) };
    const start = performance.now();
    const response = await fetch(agent.url, {
      headers,
      signal: AbortSignal.timeout(DEADLINE_SECONDS * 1000),
    });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(performance.now() - start).toBeLessThan(DEADLINE_SECONDS * 1000);
    return text;
  };
  const cgroups = `${node.path}/sys/fs/cgroup${scopeOf(node.bad)}`;
  node.addBad();
  for (const name of ['cpu.stat', 'memory.current', 'cgroup.procs']) {
    rmSync(`${cgroups}/${name}`);
    makeFifo(`${cgroups}/${name}`);
  }
  truncateSync(`${cgroups}/memory.stat`, 100 * 2 ** 20);
  for (const name of ['vmstat', 'loadavg', 'diskstats']) {
    rmSync(`${node.path}/proc/${name}`);
    makeFifo(`${node.path}/proc/${name}`);
  }
  const config = `${node.path}/${containerdConfig(node.bad.id)}`;
  truncateSync(config, 100 * 2 ** 20);
  chmodSync(config, 0o644);
  node.badSandbox.fault = 'hang';

  for (let pass = 0; pass < 5; pass++) {
    const text = await scrape();
    expect(ids(text)).toContain(node.good.id);
    expect(ids(text)).toContain(node.goodSandbox.id);
    expect(ids(text)).not.toContain(node.badSandbox.id);
    expect(text).not.toMatch(/ (NaN|[+-]?Inf|-\d.*)$/m);
    await sleep(500);
  }
  const warnings = agent
    .log()
    .split('\n')
    .filter((line) => line.includes('\twarn\t'));
  expect(new Set(warnings.map((line) => line.slice(25))).size).toBe(warnings.length);
  expect(warnings.length).toBeLessThan(12);
  expect(agent.process.exitCode).toBeNull();

  node.badSandbox.fault = undefined;
  const scraped = async () => ids(await scrape());
  await expect.poll(scraped, { interval: 500 }).toContain(node.badSandbox.id);
}, 60_000);
