import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findPeer, isMissing } from '../../support/peers.ts';

const isSkipped = isMissing('a disk that is full', {
  root: process.getuid?.() === 0,
  unshare: findPeer('unshare'),
});

const SCRIPT = `
  import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
  import { linesIn, makeExporter } from '${join(import.meta.dirname, 'running.ts')}';
  import { numbered } from '${join(import.meta.dirname, '../../support/otlp/numbers.ts')}';
  const [folder, rotation] = process.argv.slice(1);
  const path = folder + '/out.json';
  const made = makeExporter("{path: '" + path + "', flush_interval: 0s, " + rotation + '}');
  let next = 0;
  const taken = [];
  const refusals = [];
  const write = async (size) => {
    const values = Array.from({ length: size }, () => next++);
    try {
      await made.write(...values.map((each) => numbered(each)));
      taken.push(...values);
    } catch (error) {
      refusals.push(error.code);
    }
  };
  const found = () => readdirSync(folder).filter((name) => name.startsWith('out')).sort((a, b) =>
    Number(a === 'out.json') - Number(b === 'out.json') || (a < b ? -1 : 1)).flatMap((name) => linesIn(folder + '/' + name));
  const told = () => ({
    isRight: new Set(taken).difference(new Set(found())).size === 0 && found().every((each, i, all) => i === 0 || each > all[i - 1]),
    found: found().length, next, sent: made.sent(), failed: made.failed(), refusals: refusals.splice(0),
    log: made.log.splice(0), health: made.exporter.health().status,
  });
  const results = [];
  // The disk is full before the file is there.
  try { writeFileSync(folder + '/filler', Buffer.alloc(8 << 20)); } catch {}
  await made.start();
  await write(100);
  results.push(told());
  rmSync(folder + '/filler');
  // It becomes full in the middle of a record.
  while (refusals.length === 0) await write(15000);
  results.push(told());
  await write(15000);
  results.push(told());
  rmSync(folder + '/ballast');
  for (let i = 0; i < 3; i++) await write(100);
  results.push(told());
  await made.exporter.shutdown();
  console.log(JSON.stringify(results));
`;

test.skipIf(isSkipped).each([
  ['one file', ''],
  ['a rotated file', 'rotation: {max_megabytes: 1, max_backups: 0}'],
])(
  'a disk that is full (%s): records are whole, what is lost is counted, and it goes on',
  (_, rotation) => {
    const folder = mkdtempSync(join(tmpdir(), 'sandgauge-full-'));
    try {
      const mount = `mount -t tmpfs -o size=5m sandgauge '${folder}'`;
      const command = `${mount} && head -c 1m /dev/zero > '${folder}/ballast' && exec "$@"`;
      const node = [process.execPath, '--input-type=module', '-e', SCRIPT, folder, rotation];
      const output = execFileSync('unshare', ['-m', 'sh', '-c', command, 'sh', ...node], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [early, full, still, again] = JSON.parse(output);
      const FULL = 'The file cannot be written. Dropping data.';
      expect(early).toMatchObject({ found: 0, failed: 100, refusals: ['ENOSPC'], log: [FULL] });
      for (const each of [full, still]) {
        expect(each).toMatchObject({
          isRight: true,
          refusals: ['ENOSPC'],
          health: 'recoverable_error',
        });
      }
      // The first records of a batch may have found room.
      expect(full.found % 15_000).toBeGreaterThan(0);
      expect(full.found).toBeGreaterThan(15_000);
      expect(still.log).toEqual([]);
      expect(again).toMatchObject({ isRight: true, refusals: [], health: 'ok' });
      expect(again.found).toBe(still.found + 300);
      expect(again.log).toEqual(['The file can be written again']);
      for (const each of [early, full, still, again]) {
        expect([each.sent, each.failed]).toEqual([each.found, each.next - each.found]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
