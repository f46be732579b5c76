import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import type { StoringOptions } from './exporter.ts';
import { MAX_BATCH } from './writer.ts';

/** Numbers of one life begin so far behind those of the one before. */
export const LIFE = 1_000_000_000;

/** What a writer said before it was killed. */
export interface Life {
  /** Numbers that were taken, as spans from the first up to, not including, the last. */
  readonly taken: readonly (readonly [from: number, to: number])[];
  /** No number from here on was offered. */
  readonly offered: number;
}

/** Makes one file of the writer, which starts faster than the sources. */
export async function buildWriter(): Promise<{ path: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-writer-'));
  const path = join(folder, 'writer.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'writer.ts')],
    outfile: path,
    ...{ bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire('/');",
    },
  });
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Lets a writer run for a moment after it has started, and kills it. */
export async function liveAndDie(
  writer: string,
  options: StoringOptions,
  from: number,
  maxMillis: number,
): Promise<Life> {
  const args = [writer, JSON.stringify(options), String(from)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  while (said === '' && child.exitCode === null) await sleep(2);
  await sleep(Math.random() * maxMillis);
  child.kill('SIGKILL');
  await closed;
  const lines = said.split('\n').slice(0, -1).map(Number);
  if (lines.length === 0) throw new Error('the writer did not start');
  const taken = lines.flatMap((to, i): [number, number][] => {
    const before = Math.abs(lines[i - 1] ?? from);
    return to > before ? [[before, to]] : [];
  });
  return { taken, offered: Math.abs(lines.at(-1) as number) + MAX_BATCH };
}

/** Numbers that were taken and are not in `arrived`, and such as were never offered. */
export function compare(lives: readonly Life[], arrived: ReadonlySet<number>) {
  const missing: number[] = [];
  for (const [from, to] of lives.flatMap(({ taken }) => taken)) {
    for (let number = from; number < to; number++) if (!arrived.has(number)) missing.push(number);
  }
  const invented = [...arrived].filter((number) => {
    const life = lives[Math.floor(number / LIFE)];
    return life === undefined || number >= life.offered;
  });
  return { missing, invented };
}
