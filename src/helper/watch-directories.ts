import { type FSWatcher, watch } from 'node:fs';

/** Watches directories for names that come and go; a kernel file system's mkdir and rmdir too. */
export interface DirectoryWatcher {
  /** Starts to watch; false when the kernel has no watch left or the directory is gone. */
  add(directory: string): boolean;
  remove(directory: string): void;
  close(): void;
}

/** Calls `onChange(directory)` after a change in it. Events can be lost: re-list as well. */
export function createDirectoryWatcher(onChange: (directory: string) => void): DirectoryWatcher {
  const watchers = new Map<string, FSWatcher>();
  return { add, remove, close };

  function add(directory: string): boolean {
    if (watchers.has(directory)) return true;
    try {
      const watcher = watch(directory, { persistent: false }, (event) => {
        if (event === 'rename') onChange(directory);
      });
      watcher.on('error', () => remove(directory));
      watchers.set(directory, watcher);
      return true;
    } catch {
      return false;
    }
  }

  function remove(directory: string): void {
    watchers.get(directory)?.close();
    watchers.delete(directory);
  }

  function close(): void {
    for (const watcher of watchers.values()) watcher.close();
    watchers.clear();
  }
}
