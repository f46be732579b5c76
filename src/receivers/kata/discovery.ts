import type { LogOnce } from '../../helper/log-once.ts';
import type { DirectoryWatcher } from '../../helper/watch-directories.ts';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { listSandboxes, type SandboxFiles } from '../../platform/kata/sandboxes.ts';
import type { KataRuntime } from '../../platform/kata/state.ts';

/** Hears of sandboxes by their directories. One that is made anew is removed and added. */
export interface DiscoveryListener {
  added(files: SandboxFiles, runtime: KataRuntime): void;
  removed(files: SandboxFiles): void;
  /** A directory may not be listed; what is wrong is in the log. */
  failed(): void;
}

/** The sandboxes that have a shim. */
export interface Discovery {
  look(): void;
  /** True when the last look saw every directory that is there. */
  isComplete(): boolean;
  state(): 'absent' | 'denied' | 'up';
}

/** Makes the discovery; a directory that is not there, or comes later, is normal. */
export function createDiscovery(
  paths: RootedPaths,
  directories: readonly string[],
  watcher: DirectoryWatcher,
  listener: DiscoveryListener,
  said: LogOnce,
): Discovery {
  const known = new Map<string, SandboxFiles>();
  let listed = { denied: 0, readable: 0 };
  return { look, isComplete: () => listed.denied === 0, state };

  function state(): 'absent' | 'denied' | 'up' {
    if (listed.readable > 0) return 'up';
    return listed.denied > 0 ? 'denied' : 'absent';
  }

  function look(): void {
    listed = { denied: 0, readable: 0 };
    const found = new Map<string, readonly [SandboxFiles, KataRuntime]>();
    for (const directory of directories) {
      const runtime = runtimeOf(directory);
      for (const files of sandboxesIn(paths.resolve(directory))) {
        // The one that has to be judged first wins.
        if (runtime === 'rs' || !found.has(files.id)) found.set(files.id, [files, runtime]);
      }
    }
    for (const [id, files] of known) {
      const now = found.get(id)?.[0];
      if (now?.stamp === files.stamp && now.directory === files.directory) continue;
      known.delete(id);
      listener.removed(files);
    }
    for (const [id, [files, runtime]] of found) {
      if (known.has(id)) continue;
      known.set(id, files);
      listener.added(files, runtime);
    }
  }

  function sandboxesIn(directory: string): SandboxFiles[] {
    try {
      const found = listSandboxes(directory);
      if (found === undefined) watcher.remove(directory);
      else {
        watcher.add(directory);
        listed.readable++;
      }
      said.recovered(directory, 'Shim directory can be read again', { path: directory });
      return found ?? [];
    } catch (error) {
      listed.denied++;
      listener.failed();
      said.trouble(directory, 'Shim directory may not be read; its sandboxes have no rows', {
        path: directory,
        error: (error as Error).message,
        hint: 'needs root or CAP_DAC_READ_SEARCH',
      });
      return [];
    }
  }
}

/** The Go runtime has one path; what is not known to be its own is treated with care. */
function runtimeOf(directory: string): KataRuntime {
  return /\/vc\/sbs\/*$/.test(directory) ? 'go' : 'rs';
}
