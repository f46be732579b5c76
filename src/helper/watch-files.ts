import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Follows files until it is closed. */
export interface FileWatch {
  close(): void;
}

const SETTLE_MILLIS = 200;

/**
 * Calls `onChange` a moment after one of the files is another: written, replaced, linked anew (as
 * Kubernetes does with a secret), or of other rights. Looks every `intervalMillis` too, as events
 * can be lost; 0 is never.
 */
export function watchFiles(
  paths: readonly string[],
  intervalMillis: number,
  onChange: () => void,
): FileWatch {
  let seen = fingerprint(paths);
  let settling: NodeJS.Timeout | undefined;
  const watchers = [...new Set(paths.map((path) => dirname(path)))].flatMap(watchDirectory);
  const timer = intervalMillis > 0 ? setInterval(look, intervalMillis).unref() : undefined;
  return {
    close() {
      clearInterval(timer);
      clearTimeout(settling);
      for (const watcher of watchers) watcher.close();
    },
  };

  function watchDirectory(directory: string): FSWatcher[] {
    try {
      const watcher = watch(directory, { persistent: false }, () => {
        settling ??= setTimeout(look, SETTLE_MILLIS).unref();
      });
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      return [];
    }
  }

  function look(): void {
    settling = undefined;
    const now = fingerprint(paths);
    if (now === seen) return;
    seen = now;
    onChange();
  }
}

/** A text that is another when a file is: the change time tells of writes, renames and rights. */
export function fingerprint(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const found = statSync(path, { bigint: true, throwIfNoEntry: false });
      return found === undefined ? 'none' : `${found.dev}:${found.ino}:${found.ctimeNs}`;
    })
    .join();
}
