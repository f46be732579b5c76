import { readdirSync, statSync } from 'node:fs';
import { numbersByLine } from '../file/bytes.ts';
import { readText } from '../file/text.ts';

/** The directory of a cgroup: inode and mtime tell one cgroup from a later one of the same name. */
export interface CgroupDirectory {
  readonly inode: number;
  readonly modifiedMillis: number;
}

/** Looks at a cgroup's directory; undefined when it is gone or may not be looked at. */
export function readDirectory(path: string): CgroupDirectory | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || !stat.isDirectory()) return undefined;
    return { inode: stat.ino, modifiedMillis: stat.mtimeMs };
  } catch {
    // Who owns a cgroup may close it, or nest others in it until a path is too long.
    return undefined;
  }
}

/** Names of the child cgroups; none when the cgroup is gone. Throws when it may not be listed. */
export function readChildren(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENOTDIR') return [];
    throw error;
  }
}

/** Pids in cgroup.procs; none when the cgroup is gone or threaded. */
export function readPids(path: string): number[] {
  const bytes = Buffer.from(readText(`${path}/cgroup.procs`) ?? '', 'latin1');
  return numbersByLine(bytes, bytes.length);
}
