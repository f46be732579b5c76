import { join } from 'node:path';
import type { Settings } from '../../component/factory.ts';
import type { LogOwner, RecordLog, Storage } from '../../component/storage.ts';
import { ConfigError } from '../../errors.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { createBudget } from './budget.ts';
import type { Config } from './config.ts';
import {
  checkSameDevice,
  folderNameOf,
  makeOwnFolder,
  prepareDirectory,
  readFolderSizes,
} from './directory.ts';
import { acquireLock, type Lock } from './lock.ts';
import { type FileLog, openFileLog } from './log.ts';
import { createRebound } from './rebound.ts';
import { removeCopies } from './segments.ts';

/** The file that is locked; no component can have a folder of this name. */
const LOCK_NAME = 'lock';
const [MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES] = [64 * 2 ** 10, 16 * 2 ** 20];
/** A bound is divided into about so many files, as only whole ones are removed. */
const SEGMENTS = 16;
/** When whoever has not opened its log will not do so any more. */
const OWNERLESS_MILLIS = 10_000;
const MIN_CHECK_MILLIS = 100;

/** Makes the extension; nothing is touched before its start. */
export function createFileStorage({ id, telemetry }: Settings, config: Config): Storage {
  const key = `extensions::${id.text}`;
  const { directory, compaction, fsync, max_size: maxSize } = config;
  const { logger } = telemetry;
  const said = createLogOnce(logger);
  const labels = { storage: id.text };
  const damagedRecords = telemetry.counter('sandgauge_storage_damaged_records', labels);
  const sizeGauge = telemetry.gauge('sandgauge_storage_size_bytes', labels);
  const budget = createBudget(maxSize || Number.POSITIVE_INFINITY, sizeGauge.set);
  const logs = new Map<string, FileLog>();
  /** Bytes by folder, of those that nobody has opened. */
  let ownerless = new Map<string, number>();
  let lock: Lock | undefined;
  const timers: NodeJS.Timeout[] = [];
  return { start, shutdown, openLog };

  async function start(): Promise<void> {
    await prepareDirectory(directory, config, `${key}::directory`);
    if (compaction.directory !== '') {
      const copiesKey = `${key}::compaction::directory`;
      await prepareDirectory(compaction.directory, config, copiesKey);
      await checkSameDevice(compaction.directory, directory, copiesKey);
    }
    lock = await takeLock();
    ownerless = readFolderSizes(directory);
    for (const bytes of ownerless.values()) budget.add(bytes);
    timers.push(setTimeout(tellOwnerless, OWNERLESS_MILLIS));
    if (!compaction.on_rebound) return;
    const interval = Math.max(MIN_CHECK_MILLIS, compaction.check_interval);
    timers.push(setInterval(createRebound(compaction, logs), interval));
  }

  async function takeLock(): Promise<Lock> {
    const taken = await acquireLock(join(directory, LOCK_NAME), config.timeout);
    if (taken !== undefined) return taken;
    const advice = 'stop it, or give each agent a directory of its own';
    throw new ConfigError(`${key}::directory`, `another agent uses ${directory}: ${advice}`);
  }

  async function openLog({ name, format, lost }: LogOwner): Promise<RecordLog> {
    if (lock === undefined) throw new Error(`extensions::${id.text} is not started`);
    const folderName = folderNameOf(name);
    if (logs.has(folderName)) throw new Error(`the log of ${name} is open`);
    const folder = join(directory, folderName);
    await makeOwnFolder(folder, `${key}::directory`);
    budget.add(-(ownerless.get(folderName) ?? 0));
    ownerless.delete(folderName);
    const copiesFolder = compaction.directory || folder;
    await removeCopies(copiesFolder);
    const log = await openFileLog({
      ...{ folder, format, budget, fsync, copiesFolder },
      segmentBytes: segmentBytesFor(maxSize),
      damaged(path, points) {
        damagedRecords.add(1);
        lost(points);
        said.trouble(path, 'A torn or damaged record was left out', { ...labels, path });
      },
      closed: () => logs.delete(folderName),
    });
    logs.set(folderName, log);
    tellFound(log, folder);
    if (compaction.on_start) await log.compact();
    return log;
  }

  function tellFound({ stored, foreignBytes }: FileLog, folder: string): void {
    if (stored.records > 0) {
      logger.info('What was stored before was found', { ...labels, folder, ...stored });
    }
    if (foreignBytes === 0) return;
    logger.warn('What was stored in another encoding stays: send it with that, or remove it', {
      ...{ ...labels, folder, bytes: foreignBytes },
    });
  }

  function tellOwnerless(): void {
    for (const [folder, bytes] of ownerless) {
      if (bytes === 0) continue;
      const path = join(directory, folder);
      const message =
        'What is stored belongs to no component that runs: bring it back, or remove it';
      logger.warn(message, { ...labels, path, bytes });
    }
  }

  async function shutdown(): Promise<void> {
    for (const timer of timers) clearInterval(timer);
    lock?.release();
    lock = undefined;
  }
}

function segmentBytesFor(maxSize: number): number {
  if (maxSize === 0) return MAX_SEGMENT_BYTES;
  return Math.min(MAX_SEGMENT_BYTES, Math.max(MIN_SEGMENT_BYTES, maxSize / SEGMENTS));
}
