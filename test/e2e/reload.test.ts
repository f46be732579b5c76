import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, freePort, startAgent } from '../support/agent.ts';

let folder: string;
let file: string;
let port: number;
let agent: Agent | undefined;
let other: Server | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-reload-'));
  file = join(folder, 'config.yaml');
  port = await freePort();
  writeFileSync(file, textFor(port));
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  other?.close();
  rmSync(folder, { recursive: true });
});

/** The shipped configuration on a port of its own. */
function textFor(at: number): string {
  return readFileSync('otel-collector.yaml', 'utf8').replaceAll(
    'localhost:9464',
    `127.0.0.1:${at}`,
  );
}

const answers = (at: number) =>
  fetch(`http://127.0.0.1:${at}/metrics`).then(
    async (reply) => /^machine_cpu_cores/m.test(await reply.text()),
    () => false,
  );

async function expectLog(part: string): Promise<void> {
  await expect.poll(() => agent?.log()).toContain(part);
}

test('SIGHUP: the new configuration runs, and the process is the same', async () => {
  agent = await startAgent(['--config', file], false);
  expect(await answers(port)).toBe(true);
  const next = await freePort();
  writeFileSync(file, textFor(next));
  agent.process.kill('SIGHUP');
  await expect.poll(() => answers(next)).toBe(true);
  expect(await answers(port)).toBe(false);
  expect(agent.log()).toContain('"changed":["exporters::prometheus::endpoint"]');
  expect(await agent.stop()).toBe(0);
});

test('SIGHUP: a broken file is said with its place, the old configuration stays', async () => {
  agent = await startAgent(['--config', file], false);
  writeFileSync(file, textFor(port).replace('collect_on_scrape', 'colect_on_scrape'));
  agent.process.kill('SIGHUP');
  await expectLog('Configuration cannot be used, the old one stays');
  expect(agent.log()).toMatch(
    /config\.yaml:\d+: exporters::prometheus::colect_on_scrape: unknown key/,
  );
  expect(await answers(port)).toBe(true);
  agent.process.kill('SIGHUP');
  rmSync(file);
  agent.process.kill('SIGHUP');
  writeFileSync(file, textFor(port));
  expect(await answers(port)).toBe(true);
});

test('SIGHUP: a port that is taken: the old configuration runs again', async () => {
  agent = await startAgent(['--config', file], false);
  const taken = await freePort();
  other = createServer();
  await new Promise<void>((resolve) => other?.listen(taken, '127.0.0.1', resolve));
  writeFileSync(file, textFor(taken));
  agent.process.kill('SIGHUP');
  await expectLog('The old configuration runs again');
  expect(agent.log()).toContain('another program listens there');
  expect(await answers(port)).toBe(true);
});

test('--watch-config: a file that is replaced is read once it is still', async () => {
  agent = await startAgent(['--watch-config', '--config', file], false);
  const next = await freePort();
  writeFileSync(join(folder, 'new.yaml'), textFor(next));
  renameSync(join(folder, 'new.yaml'), file);
  await expect.poll(() => answers(next)).toBe(true);
  writeFileSync(file, 'receivers: [');
  await expectLog('Configuration cannot be used');
  expect(await answers(next)).toBe(true);
});
