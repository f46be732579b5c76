import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RecordLog, StoredRecord } from '../../../src/component/storage.ts';
import { createBudget } from '../../../src/extensions/file_storage/budget.ts';
import { type LogSettings, openFileLog } from '../../../src/extensions/file_storage/log.ts';

/** An empty folder that is gone after the test. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-storage-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A log in a folder, with what it told of damage. */
export async function openLog(
  folder: string,
  options: Partial<LogSettings> & { max?: number } = {},
) {
  mkdirSync(join(folder, 'log'), { recursive: true });
  const damage: number[] = [];
  const budget = createBudget(options.max ?? Number.POSITIVE_INFINITY, () => {});
  const log = await openFileLog({
    ...{ folder: join(folder, 'log'), format: 'proto', segmentBytes: 4096, fsync: false },
    ...{
      budget,
      copiesFolder: folder,
      damaged: (_: string, points: number) => damage.push(points),
    },
    closed() {},
    ...options,
  });
  onTestFinished(() => log.close());
  return { log, damage, budget };
}

/** A record that is told from all others; with `size` bytes, of which 8 are its number. */
export function numbered(number: number, size = 100) {
  const bytes = Buffer.alloc(size, number % 251);
  bytes.writeDoubleBE(number);
  return { bytes, points: number };
}

/** Takes all that there is, without removing it. */
export async function takeAll(log: RecordLog): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (;;) {
    const record = await log.take(Buffer.alloc);
    if (record === undefined) return records;
    records.push(record);
  }
}

/** The numbers of records. */
export function numbersOf(records: readonly { readonly bytes: Buffer }[]): number[] {
  return records.map(({ bytes }) => bytes.readDoubleBE());
}

/** The files of a log by path, in order. */
export function filesOf(folder: string): string[] {
  return readdirSync(join(folder, 'log'))
    .sort()
    .map((name) => join(folder, 'log', name));
}

/** Bytes of the files of a log. */
export function bytesOf(folder: string): number {
  return filesOf(folder).reduce((sum, path) => sum + statSync(path).size, 0);
}
