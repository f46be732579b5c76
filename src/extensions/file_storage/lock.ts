import { open, truncate } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A directory that no other process can lock. */
export interface Lock {
  release(): void;
}

const RETRY_MILLIS = 50;
/** Result codes: https://www.sqlite.org/rescode.html */
const [BUSY, NOT_A_DATABASE] = [5, 26];

/**
 * Locks a file, which is made with mode 0600, and waits up to `millis` for it; undefined when it is
 * locked for longer. The lock is the kernel's, as SQLite takes it (fcntl): it ends with the process,
 * however that ends, and holds across containers.
 */
export async function acquireLock(path: string, millis: number): Promise<Lock | undefined> {
  // An empty file is an empty database.
  const file = await open(path, 'a', 0o600);
  await file.close();
  const { DatabaseSync } = await import('node:sqlite');
  for (const deadline = performance.now() + millis; ; ) {
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return { release: () => database.close() };
    } catch (error) {
      database.close();
      const { errcode } = error as { errcode?: number };
      // Nobody has the lock, or the file would not have been looked into.
      if (errcode === NOT_A_DATABASE) await truncate(path);
      else if (errcode !== BUSY) throw error;
      else if (performance.now() >= deadline) return undefined;
    }
    await sleep(RETRY_MILLIS);
  }
}
