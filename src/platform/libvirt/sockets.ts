import { lstatSync, readdirSync } from 'node:fs';
import type { RootedPaths } from '../file/rooted.ts';

/** A socket on which a daemon may listen. */
export interface SocketFile {
  readonly path: string;
  /** Tells one daemon from another, whatever becomes of the socket. */
  readonly key: string;
  /** The process whose root directory it is in; undefined where the path leads through none. */
  readonly pid: number | undefined;
  /** The pod whose volume it is in; undefined where the path leads through none. */
  readonly podUid: string | undefined;
}

const PROCESS_ROOT = /\/proc\/(\d+)\/root$/;
const POD_VOLUME = /\/pods\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/volumes\//;
/** A node has some hundreds of VMs. */
const MAX_SOCKETS = 4096;

/**
 * Finds the sockets that patterns name; `*` stands for any text in one part of a path. A path without
 * one is told whether there is anything or not. Links are followed before the first `*` only, and
 * below the root: what comes after may be a tenant's, whose links would lead to sockets that are not
 * its own. A socket that is found by several paths is told once.
 */
export function findSockets(paths: RootedPaths, patterns: readonly string[]): SocketFile[] {
  const found = new Map<string, SocketFile>();
  for (const pattern of patterns) {
    for (const path of expand(paths, pattern)) {
      const inode = inodeOf(path);
      if (inode === undefined && pattern.includes('*')) continue;
      const isNew = !found.has(inode ?? path) && found.size < MAX_SOCKETS;
      if (isNew) found.set(inode ?? path, describe(path, inode));
    }
  }
  return [...found.values()];
}

function expand(paths: RootedPaths, pattern: string): string[] {
  const parts = pattern.split('/').filter(Boolean);
  const firstWild = parts.findIndex((part) => part.includes('*'));
  const fixed = firstWild < 0 ? parts : parts.slice(0, firstWild);
  const start = paths.resolve(`/${fixed.join('/')}`);
  let found = [start === '/' ? '' : start];
  for (const part of parts.slice(fixed.length)) {
    found = found.flatMap((parent) => childrenOf(parent, part));
  }
  return found;
}

function childrenOf(parent: string, part: string): string[] {
  if (!part.includes('*')) return isPassable(`${parent}/${part}`) ? [`${parent}/${part}`] : [];
  const source = part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const pattern = new RegExp(`^${source}$`);
  // The names of processes alone: the rest of /proc has no root.
  const isProc = parent.endsWith('/proc');
  return namesIn(parent || '/')
    .filter((name) => pattern.test(name) && (!isProc || /^\d+$/.test(name)))
    .map((name) => `${parent}/${name}`)
    .filter(isPassable);
}

/** The root of a process is a link of the kernel's own making. */
function isPassable(path: string): boolean {
  if (PROCESS_ROOT.test(path)) return true;
  try {
    return !lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Undefined for what is no socket. */
function inodeOf(path: string): string | undefined {
  try {
    const stat = lstatSync(path);
    return stat.isSocket() ? `${stat.dev}:${stat.ino}` : undefined;
  } catch {
    return undefined;
  }
}

/** A process may end before its container does: its siblings lead to the same socket. */
function describe(path: string, inode: string | undefined): SocketFile {
  const pid = /\/proc\/(\d+)\/root\//.exec(path)?.[1];
  return {
    path,
    key: (pid === undefined ? undefined : inode) ?? path,
    pid: pid === undefined ? undefined : Number(pid),
    podUid: POD_VOLUME.exec(path)?.[1],
  };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
