import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const MAX_LINKS = 40; // as the kernel: path_resolution(7)

/** Maps host paths below a root and keeps symbolic links, absolute ones too, inside it. */
export interface RootedPaths {
  readonly root: string;
  /** The real path of a host path; a part that does not exist is taken as written. */
  resolve(hostPath: string): string;
}

/** Makes the resolver of `root`, an absolute directory. Throws on a loop of links. */
export function createRootedPaths(root: string): RootedPaths {
  return { root, resolve: (hostPath) => (root === '/' ? hostPath : resolveBelow(root, hostPath)) };
}

function resolveBelow(root: string, hostPath: string): string {
  const pending = hostPath.split('/').reverse();
  const done: string[] = [];
  let links = 0;
  while (pending.length > 0) {
    const part = pending.pop();
    if (part === undefined || part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const target = linkTarget(join(root, ...done, part));
    if (target === undefined) {
      done.push(part);
      continue;
    }
    if (++links > MAX_LINKS) throw new Error(`${hostPath}: too many symbolic links below ${root}`);
    if (target.startsWith('/')) done.length = 0;
    pending.push(...target.split('/').reverse());
  }
  return join(root, ...done);
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}
