import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Agent, parseRows, startAgent } from '../support/agent.ts';
import { type Held, startHeld, TURNS } from '../support/runsc/held.ts';

function configFor({ folder }: Held, storage: string): string {
  const path = join(folder, `config-${storage}.yaml`);
  const config = {
    extensions: {
      file_storage: { directory: join(folder, `kept-${storage}`), create_directory: true },
    },
    receivers: { runsc: { root_path: folder, collection_interval: '0s', storage } },
    exporters: { prometheus: { endpoint: 'localhost:0', collect_on_scrape: true, max_age: '0s' } },
    service: {
      extensions: ['file_storage'],
      pipelines: { metrics: { receivers: ['runsc'], exporters: ['prometheus'] } },
    },
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

async function read({ scrape }: Agent): Promise<Record<string, number>> {
  const rows = parseRows(await scrape());
  const cpu = rows.filter(({ name }) => name === 'container_cpu_usage_seconds_total');
  return Object.fromEntries(cpu.map(({ labels, value }) => [labels.id, value]));
}

test('a reload, a kill and a stop between collections change no counter', async () => {
  const held = await startHeld();
  const path = configFor(held, 'file_storage');
  const whole = await startAgent(['--config', configFor(held, '')]);
  onTestFinished(() => whole.stop().then(() => {}));
  let agent = await startAgent(['--config', path]);
  onTestFinished(() => agent.stop().then(() => {}));
  const ends = [
    async () => {
      writeFileSync(path, readFileSync(path, 'utf8').replace('"0s"', '"0s","timeout":"9s"'));
      agent.process.kill('SIGHUP');
      const ready = () => agent.log().split('Everything is ready').length;
      await expect.poll(ready, { timeout: 10_000 }).toBe(3);
    },
    async () => {
      agent.process.kill('SIGKILL');
      await once(agent.process, 'exit');
      agent = await startAgent(['--config', path]);
    },
    async () => {
      await agent.stop();
      agent = await startAgent(['--config', path]);
    },
    async () => {},
  ];
  for (const [i, end] of ends.entries()) {
    held.turn(TURNS[i] ?? { a: 0, b: 0, host: 0 });
    const told = await read(agent);
    expect(Object.keys(told)).toHaveLength(3);
    expect(told).toEqual(await read(whole));
    await end();
  }
  expect(agent.log()).not.toContain('anew');
}, 60_000);
