import { readdirSync } from 'node:fs';
import type { RootedPaths } from '../file/rooted.ts';
import { parseStateName, type StateName } from './state.ts';

/** A state file that is there. */
export interface StateFile extends StateName {
  /** The --root of its runsc. */
  readonly root: string;
  readonly path: string;
}

/** Expands `*`, which stands for one whole part of a path, against what is on disk. */
export function expandRoots(paths: RootedPaths, patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => {
    let found = [''];
    for (const part of pattern.split('/').filter(Boolean)) {
      found = found.flatMap((parent) => {
        if (!part.includes('*')) return [`${parent}/${part}`];
        return namesIn(paths.resolve(parent || '/'))
          .filter((name) => matches(part, name))
          .map((name) => `${parent}/${name}`);
      });
    }
    return found.map((path) => paths.resolve(path));
  });
}

/** Lists the state files of a root; empty when the root is not there. Throws without the right to look. */
export function listStates(root: string): StateFile[] {
  let names: string[];
  try {
    names = readdirSync(root);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
  return names.flatMap((name) => {
    const ids = parseStateName(name);
    return ids === undefined ? [] : [{ ...ids, root, path: `${root}/${name}` }];
  });
}

function matches(part: string, name: string): boolean {
  const source = part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source}$`).test(name);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
