import { access, readdir, rename, unlink } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import type { Config } from './config.ts';

type Rotation = NonNullable<Config['rotation']>;

const DAY_MILLIS = 24 * 3_600_000;
const STAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d)-(\d\d)-(\d\d)\.(\d{3})$/;

/** Gives a full file the name of an old one: its own, with the time, as the Collector does. */
export async function renameToBackup(path: string, rotation: Rotation, now: number): Promise<void> {
  for (let millis = now; ; millis++) {
    const backup = backupPath(path, rotation, millis);
    const isTaken = await access(backup).then(
      () => true,
      () => false,
    );
    if (!isTaken) return rename(path, backup);
  }
}

/** Removes the old files that are too many or too old; no others. */
export async function removeBackups(path: string, rotation: Rotation, now: number): Promise<void> {
  const { max_backups: maxBackups, max_days: maxDays } = rotation;
  const folder = dirname(path);
  const backups = (await readdir(folder))
    .map((name) => ({ name, time: timeOf(name, path, rotation) }))
    .filter(({ time }) => !Number.isNaN(time))
    .sort((a, b) => b.time - a.time);
  for (const [i, { name, time }] of backups.entries()) {
    const isTooMany = maxBackups > 0 && i >= maxBackups;
    const isTooOld = maxDays > 0 && now - time > maxDays * DAY_MILLIS;
    if (isTooMany || isTooOld) await unlink(join(folder, name));
  }
}

/** `data.json` becomes `data-2026-11-21T10-00-00.000.json`. */
function backupPath(path: string, { localtime }: Rotation, millis: number): string {
  const { dir, name, ext } = parse(path);
  const date = new Date(millis);
  const shift = localtime ? date.getTimezoneOffset() * 60_000 : 0;
  const stamp = new Date(millis - shift).toISOString().slice(0, -1).replaceAll(':', '-');
  return join(dir, `${name}-${stamp}${ext}`);
}

/** NaN for what is no old file of this path. */
function timeOf(fileName: string, path: string, { localtime }: Rotation): number {
  const { name, ext } = parse(path);
  if (!fileName.startsWith(`${name}-`) || !fileName.endsWith(ext)) return Number.NaN;
  const match = STAMP.exec(fileName.slice(name.length + 1, fileName.length - ext.length));
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second, millis] = match;
  const zone = localtime ? '' : 'Z';
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millis}${zone}`);
}
