import { existsSync } from 'node:fs';
import type { LogOnce } from '../../helper/log-once.ts';
import type { DirectoryWatcher } from '../../helper/watch-directories.ts';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { expandRoots, listStates, type StateFile } from '../../platform/runsc/roots.ts';
import { readStamp } from '../../platform/runsc/state.ts';
import { type ContainerState, readContainerState } from './state.ts';

/** Hears of containers by their state files. A container that is made anew is removed and added. */
export interface DiscoveryListener {
  added(state: ContainerState, file: StateFile): void;
  removed(state: ContainerState): void;
  /** A root or a state file could not be used; what is wrong is in the log. */
  failed(): void;
}

/** The containers of which runsc keeps state. */
export interface Discovery {
  /** Lists the roots and reads what is new or was written since. */
  look(): void;
  /** True when the last look saw every container: then one that it did not tell of is not gVisor's. */
  isComplete(): boolean;
  /** Of the roots at the last look: `absent` where none is there, `denied` where none may be read. */
  state(): 'absent' | 'denied' | 'up';
}

interface Known {
  readonly stamp: string;
  readonly state: ContainerState | undefined;
}

/** Makes the discovery; a state file that cannot be used is said once. */
export function createDiscovery(
  paths: RootedPaths,
  roots: readonly string[],
  watcher: DirectoryWatcher,
  listener: DiscoveryListener,
  said: LogOnce,
): Discovery {
  const known = new Map<string, Known>();
  let found = { denied: 0, readable: 0 };
  return { look, isComplete, state };

  function isComplete(): boolean {
    return found.denied === 0 && [...known.values()].every(({ state: each }) => each !== undefined);
  }

  function state(): 'absent' | 'denied' | 'up' {
    if (found.readable > 0) return 'up';
    return found.denied > 0 ? 'denied' : 'absent';
  }

  function look(): void {
    found = { denied: 0, readable: 0 };
    const files = expandRoots(paths, roots).flatMap(statesIn);
    const there = new Set(files.map(({ path }) => path));
    for (const [path, { state }] of known) {
      if (there.has(path)) continue;
      known.delete(path);
      said.forget(path);
      if (state !== undefined) listener.removed(state);
    }
    for (const file of files) refresh(file);
  }

  function statesIn(root: string): StateFile[] {
    try {
      const files = listStates(root);
      // Where there is nothing to watch yet, the next pass looks again.
      watcher.add(root);
      if (files.length > 0 || existsSync(root)) found.readable++;
      said.recovered(root, 'State directory can be read again', { path: root });
      return files;
    } catch (error) {
      found.denied++;
      listener.failed();
      said.trouble(root, 'State directory may not be read; its sandboxes have no rows', {
        path: root,
        error: (error as Error).message,
        hint: 'needs root or CAP_DAC_READ_SEARCH',
      });
      return [];
    }
  }

  function refresh(file: StateFile): void {
    const stamp = readStamp(file.path);
    const before = known.get(file.path);
    if (before?.stamp === stamp) return;
    const state = read(file);
    known.set(file.path, { stamp, state: state ?? before?.state });
    if (state === undefined || (before?.state && isSameLife(before.state, state))) return;
    if (before?.state !== undefined) listener.removed(before.state);
    listener.added(state, file);
  }

  /** A file that is being written is read again: it changes once more. */
  function read(file: StateFile): ContainerState | undefined {
    try {
      const state = readContainerState(file.path, file);
      said.recovered(file.path, 'State file can be used again', { path: file.path });
      return state;
    } catch (error) {
      listener.failed();
      said.trouble(file.path, 'State file cannot be used; its container has no rows', {
        path: file.path,
        error: (error as Error).message,
      });
      return undefined;
    }
  }
}

function isSameLife(a: ContainerState, b: ContainerState): boolean {
  return a.createdMillis === b.createdMillis && a.sandboxPid === b.sandboxPid;
}
