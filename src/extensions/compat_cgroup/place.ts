import { type FSWatcher, watch } from 'node:fs';
import type { LogOnce } from '../../helper/log-once.ts';
import {
  type LimitFile,
  type OpenCgroup,
  withCgroup,
} from '../../platform/cgroupfs/directory-writer.ts';
import { isHeld, type Limit } from './limits.ts';

/** The directory of one container in one hierarchy. */
export interface Place {
  readonly mount: string;
  readonly limits: readonly Limit[];
  /** What is there; a directory that does not bear the mark is nobody's we know. */
  look(): 'absent' | 'populated' | 'marked' | 'unmarked';
  /** What `fill` would write; undefined where there is no directory. */
  pending(): readonly Limit[] | undefined;
  /** Writes what is not held yet, to files that are there. The watch ends; `watch` begins another. */
  fill(): void;
  /**
   * Calls `onChange` when the cgroup gets processes, a file of it is written, or it goes. False where it
   * is watched already, or cannot be.
   */
  watch(onChange: () => void): boolean;
  /** Lifts what was written here and nobody has written since, and takes the mark away. */
  lift(): void;
  close(): void;
}

/** Makes the place; it changes nothing by itself. */
export function createPlace(
  mount: string,
  path: string,
  limits: readonly Limit[],
  said: LogOnce,
): Place {
  /** What each file held after it was written, or was found to hold, by this agent's hand. */
  const held = new Map<string, LimitFile>();
  /** Files that were there. */
  const seen = new Set<string>();
  /** Files that others wrote: theirs, whatever they hold. */
  const foreign = new Set<string>();
  /** Whether it bore the mark when it was first seen: what it held then was written by the agent. */
  let isFormer: boolean | undefined;
  let watcher: FSWatcher | undefined;
  let pending: NodeJS.Immediate | undefined;
  return { mount, limits, look, pending: wanted, fill, watch: watchAgain, lift, close };

  function look(): ReturnType<Place['look']> {
    const found = withCgroup(mount, path, (cgroup) => {
      if (cgroup.isPopulated()) return 'populated';
      return cgroup.isMarked ? 'marked' : 'unmarked';
    });
    return found ?? 'absent';
  }

  function wanted(): readonly Limit[] | undefined {
    return withCgroup(mount, path, unheld);
  }

  function fill(): void {
    withCgroup(mount, path, (cgroup) => {
      const left = unheld(cgroup);
      if (left.length === 0) return;
      // Its own writes would look like those of others.
      close();
      if (!cgroup.isMarked) cgroup.mark(true);
      for (const limit of left) write(cgroup, limit);
    });
  }

  function unheld(cgroup: OpenCgroup): Limit[] {
    isFormer ??= cgroup.isMarked;
    return limits.filter((limit) => {
      const { file } = limit;
      const found = cgroup.read(file);
      if (found === undefined) {
        missing(file);
        return false;
      }
      seen.add(file);
      const before = held.get(file);
      if (before !== undefined && before.inode !== found.inode) forget(file);
      else if (before !== undefined && before.text !== found.text) foreign.add(file);
      if (foreign.has(file)) return false;
      if (!isHeld(found.text, limit)) return !held.has(file);
      if (isFormer) held.set(file, found);
      return false;
    });
  }

  /** Files come and go with the controllers of the parent: worth a line only if it never was there. */
  function missing(file: string): void {
    forget(file);
    if (seen.has(file)) return;
    const message = 'A limit has no file: its controller is off for this cgroup';
    said.trouble(`${file} ENOENT`, message, { path: `${path}/${file}` });
  }

  /** The kernel made it anew. */
  function forget(file: string): void {
    held.delete(file);
    foreign.delete(file);
  }

  function write(cgroup: OpenCgroup, { file, value }: Limit): void {
    try {
      cgroup.write(file, value);
      const found = cgroup.read(file);
      if (found !== undefined) held.set(file, found);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENODEV') return;
      const fields = { path: `${path}/${file}`, value, error: message };
      said.trouble(`${file} ${code}`, 'Limit cannot be written', fields);
    }
  }

  function lift(): void {
    close();
    withCgroup(mount, path, (cgroup) => {
      unheld(cgroup);
      for (const limit of [...limits].reverse()) {
        const isOurs = held.has(limit.file) && !foreign.has(limit.file);
        if (isOurs) write(cgroup, { ...limit, value: limit.lifted });
      }
      if (cgroup.isMarked) cgroup.mark(false);
    });
    held.clear();
  }

  function watchAgain(onChange: () => void): boolean {
    if (watcher !== undefined) return false;
    try {
      watcher = watch(`${mount}${path}`, { persistent: false }, (event, name) => {
        const isLimit = limits.some(({ file }) => file === name);
        if (event === 'change' && isLimit && name !== null) foreign.add(name);
        // Not here: a watch that is renewed inside its own event hears what is written between.
        pending ??= setImmediate(() => {
          pending = undefined;
          onChange();
        });
      });
      watcher.on('error', close);
      return true;
    } catch {
      // Gone meanwhile, or no watch is left: the next look finds out.
      return false;
    }
  }

  function close(): void {
    watcher?.close();
    watcher = undefined;
    clearImmediate(pending);
    pending = undefined;
  }
}
