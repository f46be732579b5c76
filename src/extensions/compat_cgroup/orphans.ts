import { readChildren } from '../../platform/cgroupfs/directory.ts';
import { parseCgroupPath } from '../../workload/cgroup-path.ts';

/** Slices are nested by their names, of at most 255 bytes. */
const MAX_DEPTH = 16;

/**
 * Lists the scopes of containers in pods below the slices of a hierarchy: where directories are that the
 * agent made before it was killed. What cannot be listed is left out.
 */
export function* podScopes(mount: string, parent = '', depth = 0): Generator<string> {
  for (const name of childrenOf(`${mount}${parent || '/'}`)) {
    const path = `${parent}/${name}`;
    if (name.endsWith('.slice')) {
      if (depth < MAX_DEPTH) yield* podScopes(mount, path, depth + 1);
    } else if (name.endsWith('.scope') && isOfPod(path)) yield path;
  }
}

function isOfPod(path: string): boolean {
  const { kind, podUid } = parseCgroupPath(path);
  return kind === 'container' && podUid !== undefined;
}

function childrenOf(directory: string): string[] {
  try {
    return readChildren(directory);
  } catch {
    return [];
  }
}
