import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { loadDecoder } from '../../support/otlp/decode.ts';
import { valuesIn } from '../../support/otlp/numbers.ts';
import { makeExporter, recordsIn } from './running.ts';

const LIVES = 12;
/** Batches of very different sizes; the number of each is told once the exporter has taken it. */
const WRITER = `
  import { writeSync } from 'node:fs';
  import { makeExporter } from '${join(import.meta.dirname, 'running.ts')}';
  import { numbered } from '${join(import.meta.dirname, '../../support/otlp/numbers.ts')}';
  const [yaml, from] = process.argv.slice(1);
  const { start, write } = makeExporter(yaml);
  await start();
  for (let next = Number(from); ; ) {
    const size = 1 + Math.floor(Math.random() ** 4 * 9000);
    await write(...Array.from({ length: size }, (_, i) => numbered(next + i)));
    next += size;
    writeSync(1, next + '\\n');
  }
`;

test.each([
  ['json', ''],
  ['proto', 'zstd'],
])(
  'killed at any moment (%s %s): what was taken is in the files once, and all can be read',
  async (format, compression) => {
    const folder = mkdtempSync(join(tmpdir(), 'sandgauge-crash-'));
    const path = join(folder, 'out.data');
    const isFramed = format === 'proto';
    const yaml = `{path: '${path}', format: ${format}, compression: '${compression}', rotation: {max_megabytes: 1, max_backups: 0}}`;
    let taken: number[] = [];
    try {
      for (let life = 0; life < LIVES; life++) {
        const from = life * 1e9;
        taken = taken.concat(await liveAndDie(yaml, from));
      }
      const decode = isFramed ? await loadDecoder() : JSON.parse;
      // The last life was cut off too: its end is looked at as the next one would.
      const { exporter, start } = makeExporter(yaml);
      await start();
      await exporter.shutdown();
      const found = readdirSync(folder).flatMap((name) =>
        recordsIn(join(folder, name), isFramed, compression !== '').flatMap((record) =>
          valuesIn(decode(record as never)),
        ),
      );
      const unique = new Set(found);
      expect(unique.size).toBe(found.length);
      expect(taken.length).toBeGreaterThan(LIVES);
      expect(taken.filter((value) => !unique.has(value))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000,
);

/** Gives every number that a writer said was taken before it was killed. */
async function liveAndDie(yaml: string, from: number): Promise<number[]> {
  const arguments_ = ['--input-type=module', '-e', WRITER, yaml, String(from)];
  const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  while (said === '' && child.exitCode === null) await sleep(5);
  await sleep(Math.random() * 100);
  child.kill('SIGKILL');
  await closed;
  const upTo = Number(said.split('\n').at(-2) ?? from);
  return Array.from({ length: upTo - from }, (_, i) => from + i);
}
