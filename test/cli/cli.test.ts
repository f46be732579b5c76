import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BUNDLE, NODE, runAgent, startAgent } from '../support/agent.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function configFile(text: string): string {
  const path = join(folder, `${Math.random()}.yaml`);
  writeFileSync(path, text);
  return path;
}

test('the built-in pipelines are valid and printed', () => {
  expect(runAgent(['validate']).status).toBe(0);
  const printed = runAgent(['print-config', '--set', 'receivers.cgroup.fd_budget=${env:NOPE:-7}']);
  expect(printed.output).toContain('fd_budget: 7');
});

test.each([
  ['receivers.cgroup.colection_interval=1s', 'did you mean "collection_interval"?'],
  ['receivers.cgroup.collection_interval=5', 'expected a duration such as "30s"'],
  [
    'receivers.cgroup.fd_budget=many',
    "'fd_budget' expected type 'int', got unconvertible type 'string'",
  ],
  ['receivers.cgroup.raw_cgroups=some', 'expected one of: auto, all, kubelet, none'],
  [
    'receivers.cgroup.metrics.container_memory_rs.enabled=false',
    'did you mean "container_memory_rss"?',
  ],
  [
    'service.pipelines.metrics.exporters=[nope]',
    'references exporter "nope" which is not configured',
  ],
  ['service.pipelines.traces.exporters=[prometheus]', 'only metrics and metrics/<name> exist'],
  ['receivers.runsk.x=1', 'unknown type: "runsk" for id: "runsk" (valid values: [cgroup '],
  ['receivers.cgroup/.x=1', 'the part after / should not be empty'],
  [
    'exporters.prometheus.collect_on_scrape=false',
    'no exporter of its pipelines has collect_on_scrape: true',
  ],
  ['exporters.prometheus.endpoint=http://localhost:1', 'without a scheme'],
])('--set %s is refused with a reason', (setting, reason) => {
  const { status, output } = runAgent(['validate', '--set', setting]);
  expect(status).toBe(1);
  expect(output).toContain(reason);
});

const REST =
  'exporters: {debug: }\nservice: {pipelines: {metrics: {receivers: [cgroup], exporters: [debug]}}}\n';

test.each([
  [
    `receivers:\n  cgroup:\n    root_pth: /x\n${REST}`,
    ':3: receivers::cgroup::root_pth: unknown key',
  ],
  [
    'receivers: [cgroup]\n',
    ":1: receivers: 'receivers' expected type 'map', got unconvertible type 'list'",
  ],
  ['receivers:\n  cgroup:\n  cgroup:\n', ':3: Map keys must be unique'],
  ['a: b: c\n', ':1'],
  ['- a\n', 'the top level must be a map'],
  ['', 'empty configuration file'],
])('a wrong file %j is refused by file, line and key', (text, reason) => {
  const path = configFile(text);
  const { status, output } = runAgent(['validate', '--config', path]);
  expect(status).toBe(1);
  expect(output).toContain(reason);
});

test('a root without cgroups and an address in use are said and end the program', async () => {
  const absent = runAgent([
    '--set',
    `receivers.cgroup.root_path=${folder}`,
    '--set',
    'exporters.prometheus.endpoint=127.0.0.1:0',
  ]);
  expect(absent).toMatchObject({ status: 1 });
  expect(absent.output).toContain(`no cgroup file system is mounted below "${folder}"`);
  const agent = await startAgent();
  const taken = runAgent(['--set', `exporters.prometheus.endpoint=${new URL(agent.url).host}`]);
  expect(taken).toMatchObject({ status: 1 });
  expect(taken.output).toContain('another program listens there');
  expect(await agent.stop()).toBe(0);
  expect(agent.log()).toContain('Shutdown complete.');
});

test('methods, paths and gzip', async () => {
  const agent = await startAgent();
  const base = agent.url.replace('/metrics', '');
  expect((await fetch(`${base}/metrics/cadvisor`)).status).toBe(200);
  expect((await fetch(`${base}/`)).status).toBe(404);
  const post = await fetch(agent.url, { method: 'POST' });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  const head = await fetch(agent.url, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  const zipped = await fetch(agent.url, { headers: { 'accept-encoding': 'gzip' } });
  expect(zipped.headers.get('content-encoding')).toBe('gzip');
  expect(await zipped.text()).toContain('container_memory_working_set_bytes{');
  await agent.stop();
});

test('an older Node is refused in one line', () => {
  const preload = join(folder, 'old.cjs');
  writeFileSync(preload, "Object.defineProperty(process.versions, 'node', { value: '20.1.0' });");
  try {
    execFileSync(NODE, ['--require', preload, BUNDLE], { stdio: 'pipe', encoding: 'utf8' });
    expect.unreachable();
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string };
    expect(status).toBe(1);
    expect(stderr).toMatch(/^sandgauge needs Node 24 or newer, this is 20\.1\.0: .*\n$/);
  }
});

test('without a workload_observer rows carry ids only, and each receiver says so once', async () => {
  const agent = await startAgent(['--set', 'service.extensions=[]']);
  const text = await agent.scrape();
  expect(text).toMatch(/^container_memory_working_set_bytes\{id="\/"\} \d+$/m);
  expect(agent.log().match(/No workload_observer is configured/g)).toHaveLength(2);
  await agent.stop();
});
