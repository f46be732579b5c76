import type { StatsFs } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** The size of a file system and what is used of it, as df(1) tells it. */
export interface Capacity {
  readonly totalBytes: number;
  readonly usedBytes: number;
  /** Undefined for one that has no fixed number of them, such as btrfs. */
  readonly inodes: number | undefined;
  readonly freeInodes: number | undefined;
}

/** A file system by one of its paths, and the number of its device (stat(2)). */
export interface AskedCapacity extends Capacity {
  readonly dev: number;
}

/** What statfs(2) told, in bytes. */
export function capacityOf({ bsize, frsize, blocks, bfree, files, ffree }: StatsFs): Capacity {
  const unit = frsize || bsize;
  const hasInodes = files > 0;
  return {
    totalBytes: blocks * unit,
    usedBytes: (blocks - bfree) * unit,
    inodes: hasInodes ? files : undefined,
    freeInodes: hasInodes ? ffree : undefined,
  };
}

/** Asks file systems in libuv's threads: one whose device died holds up a thread, and nobody else. */
export interface CapacityReader {
  /** Rejects when it does not answer in time, or cannot; asks nothing while it owes an answer. */
  read(path: string): Promise<AskedCapacity>;
}

const TIMEOUT_MILLIS = 1000;
/** libuv has four threads, and others need them. */
const MAX_STUCK = 2;

/** Makes the reader; it is asked for one path at a time. */
export function createCapacityReader(
  ask: (path: string) => Promise<AskedCapacity> = askKernel,
  timeoutMillis = TIMEOUT_MILLIS,
): CapacityReader {
  const stuck = new Set<string>();
  return { read };

  async function read(path: string): Promise<AskedCapacity> {
    if (stuck.has(path)) throw new Error('it has not answered yet');
    if (stuck.size >= MAX_STUCK) throw new Error('other file systems have not answered yet');
    stuck.add(path);
    const answer = ask(path).finally(() => stuck.delete(path));
    const timer = new AbortController();
    const late = sleep(timeoutMillis, undefined, { signal: timer.signal, ref: false }).then(() => {
      throw new Error(`it did not answer in ${timeoutMillis} ms`);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      timer.abort();
      for (const each of [answer, late]) each.catch(() => {});
    }
  }
}

async function askKernel(path: string): Promise<AskedCapacity> {
  const { dev } = await stat(path);
  return { dev, ...capacityOf(await statfs(path)) };
}
