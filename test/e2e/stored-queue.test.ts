import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { freePort, runAgent, startAgent } from '../support/agent.ts';
import { makeHost } from '../support/fake-host.ts';
import { pointsOf } from '../support/otlp/points.ts';
import { startGrpcServer } from '../support/otlp/server.ts';

/** A node, and an agent that reads it several times a second and stores what it sends. */
function setUp(port: number): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-agent-'));
  const host = makeHost();
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
    host.remove();
  });
  const config = {
    extensions: { file_storage: { directory: join(folder, 'kept'), create_directory: true } },
    receivers: {
      cgroup: { root_path: host.path, collection_interval: '100ms', initial_delay: '0s' },
    },
    exporters: {
      otlp_grpc: {
        endpoint: `http://127.0.0.1:${port}`,
        sending_queue: { storage: 'file_storage' },
        retry_on_failure: {
          ...{ initial_interval: '50ms', max_interval: '200ms', max_elapsed_time: '0s' },
        },
      },
    },
    service: {
      extensions: ['file_storage'],
      pipelines: { metrics: { receivers: ['cgroup'], exporters: ['otlp_grpc'] } },
    },
  };
  const path = join(folder, 'config.yaml');
  writeFileSync(path, JSON.stringify(config));
  return ['--config', path];
}

test('killed again and again without a receiver: all times that were read arrive later', async () => {
  const port = await freePort();
  const args = setUp(port);
  const lives: [from: number, to: number][] = [];
  for (let life = 0; life < 3; life++) {
    const agent = await startAgent(args, false);
    const from = Date.now();
    await sleep(2000);
    agent.process.kill('SIGKILL');
    await once(agent.process, 'exit');
    lives.push([from, Date.now()]);
    expect(agent.log()).not.toContain('Dropping');
  }
  const server = await startGrpcServer(port);
  onTestFinished(server.stop);
  const last = await startAgent(args, false);
  onTestFinished(() => last.stop().then(() => {}));
  expect(last.log()).toContain('What was stored before was found');
  const times = () =>
    server.taken
      .flatMap(pointsOf)
      .filter(({ name, attributes }) => name === 'container_memory_rss' && attributes.id === '/')
      .map(({ time }) => Number(time) / 1e6);
  const inLife = ([from, to]: [number, number]) =>
    new Set(times().filter((time) => time >= from && time < to)).size;
  for (const life of lives) {
    // The last pass before the kill may not have been taken.
    await expect.poll(() => inLife(life), { timeout: 10_000 }).toBeGreaterThanOrEqual(7);
  }
  // What was stored by all of them is sent once, since nothing was taken before.
  const all = times();
  expect(new Set(all).size).toBe(all.length);
}, 60_000);

test('a second agent says why it does not start; a reload gets the same storage again', async () => {
  const port = await freePort();
  const args = setUp(port);
  const agent = await startAgent(args, false);
  onTestFinished(() => agent.stop().then(() => {}));
  const { status, output } = runAgent(args);
  expect(status).toBe(1);
  expect(output).toContain('extensions::file_storage::directory: another agent uses');
  await sleep(500);
  const path = args[1] as string;
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace('"storage"', '"queue_size":500,"storage"'),
  );
  agent.process.kill('SIGHUP');
  await expect
    .poll(() => agent.log(), { timeout: 15_000 })
    .toContain('What was stored before was found');
  expect(agent.log()).not.toContain('another agent uses');
  const server = await startGrpcServer(port);
  onTestFinished(server.stop);
  await expect.poll(() => server.taken.length, { timeout: 10_000 }).toBeGreaterThan(5);
}, 60_000);
