import { readdirSync } from 'node:fs';
import type { RootedPaths } from '../file/rooted.ts';
import { parseStateName, type StateName } from './state.ts';

/** A state file that is there. */
export interface StateFile extends StateName {
  /** The --root of its runsc. */
  readonly root: string;
  readonly path: string;
}

/**
 * Where runsc keeps its state: by itself, under containerd, Docker, Podman and CRI-O. Rootless ones are
 * not among them: what a user wrote would be believed of any container.
 */
export const RUNSC_ROOTS: readonly string[] = [
  '/run/runsc',
  '/run/containerd/runsc/*',
  '/run/k3s/containerd/runsc/*',
  '/run/docker/runtime-*/*',
  '/run/docker/containerd/runsc/*',
];

/** Expands `*`, which stands for one whole part of a path, against what is on disk. */
export function expandRoots(paths: RootedPaths, patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => {
    let found = [''];
    for (const part of pattern.split('/').filter(Boolean)) {
      found = found.flatMap((parent) => {
        if (!part.includes('*')) return [`${parent}/${part}`];
        return namesIn(resolved(paths, parent || '/') ?? '')
          .filter((name) => matches(part, name))
          .map((name) => `${parent}/${name}`);
      });
    }
    return found.flatMap((path) => resolved(paths, path) ?? []);
  });
}

/** A node has some hundreds of containers; a rootless root is its user's, who may write any number. */
const MAX_STATES = 4096;

/**
 * Lists the state files of a root; empty when the root is not there. Throws without the right to look,
 * and where there are more than 4,096.
 */
export function listStates(root: string): StateFile[] {
  let names: string[];
  try {
    names = readdirSync(root);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
  const states = names.flatMap((name) => {
    const ids = parseStateName(name);
    return ids === undefined ? [] : [{ ...ids, root, path: `${root}/${name}` }];
  });
  if (states.length > MAX_STATES) throw new Error(`it holds more than ${MAX_STATES} state files`);
  return states;
}

/** Undefined for a loop of links, which leads nowhere. */
function resolved(paths: RootedPaths, path: string): string | undefined {
  try {
    return paths.resolve(path);
  } catch {
    return undefined;
  }
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
