import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../../component/telemetry.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { removeBackups, renameToBackup } from './backups.ts';
import type { Config } from './config.ts';
import { isFramed } from './records.ts';
import { measureWholeRecords } from './whole-records.ts';

/** The file and those it becomes. One call at a time. */
export interface Output {
  /** Opens it, and empties it unless it is kept. */
  start(): Promise<void>;
  /** Writes a record as a whole or not at all; opens the file anew where it is not there any more. */
  write(record: Buffer): Promise<void>;
  /** Points of the record that was just written: they are told of when they are on the disk. */
  count(points: number): void;
  /** Forces what was written to the disk; gives the error for which that cannot be. */
  flush(): Promise<Error | undefined>;
  close(): Promise<void>;
}

/** What an output tells. */
export interface OutputSettings {
  readonly logger: Logger;
  readonly now: () => number;
  /** Points that are on the disk now. */
  stored(points: number): void;
  /** Points that were written, but are not on the disk, and why. */
  lost(points: number, error: Error): void;
}

const { O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK } = constants;

/** Makes the output of an exporter; nothing is touched before `start`. */
export function createOutput(config: Config, settings: OutputSettings): Output {
  const { path, rotation } = config;
  const { logger, now } = settings;
  const said = createLogOnce(logger);
  let file: FileHandle | undefined;
  /** Points in the file that were not yet forced to the disk. */
  let unflushed = 0;
  /** Where to cut the file before anything else is written. */
  let tornAt: number | undefined;
  return { start, write, count, flush, close };

  async function start(): Promise<void> {
    const isKept = config.append || rotation !== undefined;
    file = await openFile(isKept);
  }

  async function openFile(isKept: boolean): Promise<FileHandle> {
    const { create_directory: isMade, directory_permissions: mode } = config;
    if (isMade) await mkdir(dirname(path), { recursive: true, mode });
    // Without O_NONBLOCK a pipe that nobody reads would never be opened.
    const opened = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK, 0o600);
    try {
      const found = await opened.stat();
      if (!found.isFile()) throw new Error('is no regular file');
      const end = isKept ? await measureWholeRecords(opened, isFramed(config)) : 0;
      if (end < found.size) await opened.truncate(end);
      if (isKept && end < found.size) {
        const bytes = found.size - end;
        logger.warn('An unfinished record at the end of the file was removed', { path, bytes });
      }
      await syncDirectory();
    } catch (error) {
      await opened.close();
      throw error;
    }
    return opened;
  }

  async function write(bytes: Buffer): Promise<void> {
    let current = await currentFile();
    let { size } = await current.stat();
    if (
      rotation !== undefined &&
      size > 0 &&
      size + bytes.length > rotation.max_megabytes * 2 ** 20
    ) {
      await rotate(current);
      current = await currentFile();
      ({ size } = await current.stat());
    }
    try {
      await writeAll(current, bytes);
    } catch (error) {
      tornAt = size;
      await mend(current).catch(() => {});
      throw error;
    }
  }

  function count(points: number): void {
    unflushed += points;
  }

  /** The file at the path, which others may have moved or removed. */
  async function currentFile(): Promise<FileHandle> {
    if (file !== undefined && !(await isAtPath(file))) await close();
    file ??= await openFile(true);
    await mend(file);
    return file;
  }

  async function isAtPath(opened: FileHandle): Promise<boolean> {
    const [ours, there] = await Promise.all([opened.stat(), stat(path).catch(() => undefined)]);
    return ours.ino === there?.ino && ours.dev === there.dev;
  }

  async function mend(opened: FileHandle): Promise<void> {
    if (tornAt === undefined) return;
    await opened.truncate(tornAt);
    tornAt = undefined;
  }

  /** Each step leaves whole files, so that the agent may die between two. */
  async function rotate(full: FileHandle): Promise<void> {
    if (rotation === undefined) return;
    await flush();
    try {
      await renameToBackup(path, rotation, now());
      said.recovered('rotate', 'The file can be rotated again', { path });
    } catch (error) {
      const fields = { path, error: String(error) };
      said.trouble('rotate', 'The file cannot be rotated and grows on', fields);
      return;
    }
    file = undefined;
    await full.close();
    file = await openFile(true);
    await removeBackups(path, rotation, now()).catch((error) =>
      said.trouble('remove', 'Old files cannot be removed', { path, error: String(error) }),
    );
  }

  /** A file that was removed meanwhile keeps nothing. */
  async function flush(): Promise<Error | undefined> {
    if (file === undefined || unflushed === 0) return undefined;
    const points = unflushed;
    unflushed = 0;
    try {
      await file.datasync();
      const { nlink } = await file.stat();
      if (nlink === 0) throw new Error('the file was removed');
      settings.stored(points);
      return undefined;
    } catch (error) {
      settings.lost(points, error as Error);
      return error as Error;
    }
  }

  async function close(): Promise<void> {
    await flush();
    const closing = file;
    file = undefined;
    if (closing !== undefined) await mend(closing).catch(() => {});
    tornAt = undefined;
    await closing?.close();
  }

  /** So that the name of a new file outlives the machine too; not every file system can. */
  async function syncDirectory(): Promise<void> {
    const folder = await open(dirname(path), 'r').catch(() => undefined);
    await folder?.sync().catch(() => {});
    await folder?.close();
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, null);
    at += bytesWritten;
  }
}
