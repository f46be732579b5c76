import type { Config } from './config.ts';
import type { FileLog } from './log.ts';

/**
 * Makes a look at logs, to be taken now and then: one that had much is compacted once little of it
 * is left.
 */
export function createRebound(
  { rebound_needed_threshold_mib, rebound_trigger_threshold_mib }: Config['compaction'],
  logs: ReadonlyMap<string, FileLog>,
): () => void {
  const needing = new WeakSet<FileLog>();
  return () => {
    for (const log of logs.values()) {
      const { bytes, waste } = log.size();
      if (bytes > rebound_needed_threshold_mib * 2 ** 20) needing.add(log);
      if (!needing.has(log) || bytes - waste >= rebound_trigger_threshold_mib * 2 ** 20) continue;
      needing.delete(log);
      void log.compact();
    }
  };
}
