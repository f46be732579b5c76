import { closeSync, fstatSync, lstatSync, type Stats } from 'node:fs';
import { entryPath, listDirectory, type OpenDirectory, openDirectory } from './directory.ts';

/** What a tree of files takes of its device, as du(1) counts it. */
export interface TreeUsage {
  /** Allocated, not the length of files: each inode once, directories too. */
  readonly bytes: number;
  readonly inodes: number;
  /** The number of the device (stat(2)). */
  readonly dev: number;
}

/** A tree over the bounds: it is left, for whoever wrote it would decide how long the walk takes. */
export class TreeBoundError extends Error {}

/** How large a tree may be. */
export interface TreeBounds {
  readonly entries: number;
  readonly depth: number;
  /** Files with several names, of which the inodes are remembered. */
  readonly links: number;
  /** Bytes of names of directories that wait for their turn. */
  readonly waiting: number;
}

const BOUNDS: TreeBounds = { entries: 4e6, depth: 20_000, links: 250_000, waiting: 2 ** 24 };
/** Entries, or steps into and out of directories, between two turns of the caller. */
export const STEPS_A_TURN = 64;
/** Of a path of directories, those that are kept open; the way back to others is `..`. */
const MAX_OPEN = 32;
const BLOCK_BYTES = 512;
const CLOSED = -1;

interface Level {
  fd: number;
  readonly inode: number;
  /** Directories in it, still to be walked. */
  readonly waiting: string[];
}

/**
 * Counts the tree below `path` and yields every 64 of them. Follows no link, opens nothing but
 * directories, and stays on one device. Undefined when there is no such directory, or it was removed
 * meanwhile. Throws where a directory may not be read, for a part would be a wrong number, and a
 * TreeBoundError. Not a snapshot: what is moved meanwhile may be counted twice, or not.
 */
export function* measureTree(
  path: string,
  bounds: TreeBounds = BOUNDS,
): Generator<void, TreeUsage | undefined> {
  const levels: Level[] = [];
  const links = new Set<number>();
  let bytes = 0;
  let inodes = 0;
  let entries = 0;
  let steps = 0;
  let waiting = 0;
  const root = openDirectory(path);
  if (root === undefined) return undefined;
  const { dev } = root.stat;
  try {
    count(root.stat);
    yield* enter(root);
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      if (++steps % STEPS_A_TURN === 0) yield;
      const name = level.waiting.pop();
      if (name === undefined) {
        if (levels.length === 1 && fstatSync(level.fd).nlink === 0) return undefined;
        leave();
        continue;
      }
      waiting -= name.length;
      const child = openDirectory(entryPath(level.fd, name));
      if (child === undefined) continue;
      if (child.stat.dev === dev) yield* enter(child);
      else closeSync(child.fd);
    }
    return { bytes, inodes, dev };
  } finally {
    for (const { fd } of levels) if (fd !== CLOSED) closeSync(fd);
  }

  function* enter({ fd, stat }: OpenDirectory): Generator<void> {
    const level = { fd, inode: stat.ino, waiting: [] };
    levels.push(level);
    if (levels.length > bounds.depth) throw new TreeBoundError('it is nested too deep');
    const early = levels.at(-1 - MAX_OPEN);
    if (early !== undefined) close(early);
    yield* list(level);
  }

  function* list({ fd, waiting: own }: Level): Generator<void> {
    const directory = listDirectory(fd);
    try {
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        if (++steps % STEPS_A_TURN === 0) yield;
        if (++entries > bounds.entries) throw new TreeBoundError('it has too many files');
        const stat = lstatSync(entryPath(fd, entry.name), { throwIfNoEntry: false });
        if (stat === undefined || stat.dev !== dev) continue;
        if (count(stat) && stat.isDirectory()) own.push(wait(entry.name));
      }
    } finally {
      directory.closeSync();
    }
  }

  /** False for a file that was counted under another name. */
  function count(stat: Stats): boolean {
    if (stat.nlink > 1 && !stat.isDirectory()) {
      if (links.has(stat.ino)) return false;
      if (links.size >= bounds.links) throw new TreeBoundError('it has too many hard links');
      links.add(stat.ino);
    }
    bytes += stat.blocks * BLOCK_BYTES;
    inodes++;
    return true;
  }

  function wait(name: string): string {
    waiting += name.length;
    if (waiting > bounds.waiting) throw new TreeBoundError('it has too many directories');
    return name;
  }

  /** Goes back to the directory above, which was closed if it is far from the deepest. */
  function leave(): void {
    const level = levels.pop() as Level;
    const above = levels.at(-1);
    try {
      if (above?.fd === CLOSED) above.fd = reopen(level.fd, above.inode);
    } finally {
      close(level);
    }
  }

  function reopen(below: number, inode: number): number {
    const above = openDirectory(entryPath(below, '..'));
    if (above === undefined) throw new Error('it is removed while it is read');
    if (above.stat.ino === inode && above.stat.dev === dev) return above.fd;
    closeSync(above.fd);
    throw new Error('its directories are moved while it is read');
  }
}

function close(level: Level): void {
  if (level.fd !== CLOSED) closeSync(level.fd);
  level.fd = CLOSED;
}
