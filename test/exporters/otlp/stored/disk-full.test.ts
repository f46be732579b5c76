import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findPeer, isMissing } from '../../../support/peers.ts';

const isSkipped = isMissing('a full disk under the stored queue', {
  root: process.getuid?.() === 0,
  unshare: findPeer('unshare'),
});

const SCRIPT = `
  import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
  import { numbers, startStoring } from '${join(import.meta.dirname, 'exporter.ts')}';
  import { valuesIn } from '${join(import.meta.dirname, '../../../support/otlp/numbers.ts')}';
  import { createServer } from 'node:http';
  import { freePort } from '${join(import.meta.dirname, '../../../support/agent.ts')}';
  const [directory] = process.argv.slice(1);
  const port = await freePort();
  const running = await startStoring({
    protocol: 'otlp_http', directory, endpoint: 'http://127.0.0.1:' + port, queue: 'num_consumers: 2',
    yaml: 'encoding: json\\ncompression: none\\nretry_on_failure: {initial_interval: 20ms, max_interval: 50ms, max_elapsed_time: 0s}',
  });
  const { exporter, count, log } = running;
  const bytesIn = (folder) => readdirSync(folder).reduce((sum, name) => sum + statSync(folder + '/' + name).size, 0);
  let next = 0;
  const taken = new Set();
  let refusals = [];
  const offer = async (size) => {
    const from = next;
    next += size;
    try {
      await exporter.consume(numbers(from, size));
      for (let value = from; value < next; value++) taken.add(value);
    } catch (error) {
      refusals.push(error.message);
    }
  };
  const told = () => ({
    taken: taken.size, offered: next, refused: count('enqueue_failed'), failed: count('send_failed'),
    refusals: refusals.splice(0), log: log.splice(0).map((line) => line.replace(/ {.*/, '')),
    size: running.value('sandgauge_storage_size_bytes'), inFiles: bytesIn(directory + '/exporter_otlp_http'),
  });
  const results = [];
  while (refusals.length === 0) await offer(3000);
  results.push(told());
  await offer(3000);
  // A small one may still find room.
  for (let i = 0; i < 5; i++) await offer(3000);
  results.push(told());
  rmSync(directory + '/ballast');
  for (let i = 0; i < 3; i++) await offer(3000);
  results.push(told());
  try { writeFileSync(directory + '/ballast', Buffer.alloc(8 << 20)); } catch {}
  await offer(3000);
  // The disk is full, and sending needs no room on it.
  const arrived = [];
  const server = createServer(async (request, response) => {
    arrived.push(...valuesIn(JSON.parse((await request.toArray()).join(''))));
    response.end();
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  while (count('sent') < taken.size) await new Promise((resolve) => setTimeout(resolve, 20));
  await offer(3000);
  while (count('sent') < taken.size) await new Promise((resolve) => setTimeout(resolve, 20));
  results.push(told());
  await running.stop();
  server.close();
  const isRight = arrived.length === taken.size && arrived.every((value) => taken.has(value));
  console.log(JSON.stringify({ results, isRight }));
`;

test.skipIf(isSkipped)(
  'a disk that is full: what cannot be stored is counted, the rest is sent, and it goes on',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandgauge-full-'));
    try {
      const mount = `mount -t tmpfs -o size=5m sandgauge '${folder}'`;
      const command = `${mount} && head -c 1m /dev/zero > '${folder}/ballast' && exec "$@"`;
      const node = [process.execPath, '--input-type=module', '-e', SCRIPT, folder];
      const output = execFileSync('unshare', ['-m', 'sh', '-c', command, 'sh', ...node], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const { results, isRight } = JSON.parse(output);
      const [full, still, roomy, sent] = results;
      for (const each of results) {
        expect(each.offered - each.taken).toBe(each.refused);
        expect(each.failed).toBe(0);
        // What was begun is taken back, or the next start would send it.
        expect(each.inFiles).toBe(each.size);
      }
      expect(full.refusals).toEqual(['cannot be stored: ENOSPC: no space left on device, write']);
      const FULL = 'Data is dropped: the sending queue has no room';
      expect(full.log.filter((line: string) => line === FULL)).toHaveLength(1);
      expect(full.taken).toBeGreaterThan(15_000);
      expect(still.refusals.length).toBe(6);
      expect(still.log).toEqual([]);
      expect(still.size).toBe(full.size);
      expect(roomy.refusals).toEqual([]);
      expect(roomy.log).toEqual(['The sending queue has room again']);
      expect(sent.refusals).toHaveLength(1);
      expect(sent.size).toBe(0);
      expect(isRight).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);
