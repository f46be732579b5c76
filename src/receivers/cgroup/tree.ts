import type { DirectoryWatcher } from '../../helper/watch-directories.ts';
import { readChildren, readDirectory } from '../../platform/cgroupfs/directory.ts';
import type { Mount } from '../../platform/cgroupfs/hierarchies.ts';

/** A cgroup as the union of its directories in the hierarchies that are read. */
export interface CgroupNode {
  /** cgroup path; `/` is the root. */
  readonly path: string;
  /** Directory by hierarchy, in the order of the tree's mounts; undefined where it has none. */
  readonly directories: readonly (string | undefined)[];
  /** Inodes of the directories: another inode is another cgroup. */
  readonly inodes: readonly (number | undefined)[];
  /** mtime of the directory at first sight, in ms: kernfs moves it later. */
  readonly modifiedMillis: number;
  readonly children: Map<string, CgroupNode>;
}

/** The cgroups of a host, kept current by events and by re-lists. */
export interface CgroupTree {
  readonly root: CgroupNode;
  /** Lists again what has changed, or everything; yields often. What is left over comes next time. */
  refresh(everything: boolean): Iterable<void>;
  /** Marks a directory as changed. */
  changed(directory: string): void;
}

/** Hears of cgroups that come and go; a removal is told for each descendant, deepest first. */
export interface TreeListener {
  /** False leaves a cgroup out, and all below it. */
  mayAdd(path: string): boolean;
  added(node: CgroupNode): void;
  removed(node: CgroupNode): void;
  failed(directory: string, error: Error): void;
}

/** Walks the mounts, which may be one (v2) or one per hierarchy (v1). */
export function createCgroupTree(
  mounts: readonly Mount[],
  watcher: DirectoryWatcher,
  listener: TreeListener,
): CgroupTree {
  const owners = new Map<string, CgroupNode>();
  const unwatched = new Set<CgroupNode>();
  const dirty = new Set<CgroupNode>();
  const root = createNode('/', (mount) => mount.directory) as CgroupNode;
  return { root, refresh, changed };

  function changed(directory: string): void {
    const node = owners.get(directory);
    if (node !== undefined) dirty.add(node);
  }

  function* refresh(everything: boolean): Iterable<void> {
    if (owners.size === 0) yield* adopt(root);
    else if (everything) yield* list(root, true);
    for (const node of [...dirty, ...unwatched]) {
      dirty.delete(node);
      if (owners.get(node.directories.find(Boolean) ?? '') === node) yield* list(node, false);
    }
  }

  function* list(node: CgroupNode, deep: boolean): Iterable<void> {
    // Before the look: a change that comes while this is under way marks it again.
    dirty.delete(node);
    let isDone = false;
    try {
      const names = new Set(node.directories.flatMap(childNames));
      for (const [name, child] of [...node.children]) {
        if (!names.has(name) || isReplaced(child)) remove(node, name, child);
        else if (deep) yield* list(child, true);
        yield;
      }
      for (const name of names) {
        if (node.children.has(name)) continue;
        const path = node.path === '/' ? `/${name}` : `${node.path}/${name}`;
        if (!listener.mayAdd(path)) continue;
        const child = createNode(path, (_, index) => join(node.directories[index], name));
        if (child === undefined) continue;
        node.children.set(name, child);
        yield* adopt(child);
      }
      isDone = true;
    } finally {
      if (!isDone) dirty.add(node);
    }
  }

  /** Watches before listing, so that no child falls between the two. */
  function* adopt(node: CgroupNode): Iterable<void> {
    for (const directory of node.directories) {
      if (directory === undefined) continue;
      owners.set(directory, node);
      if (!watcher.add(directory)) unwatched.add(node);
    }
    listener.added(node);
    yield* list(node, false);
    yield;
  }

  function remove(parent: CgroupNode, name: string, node: CgroupNode): void {
    for (const [childName, child] of node.children) remove(node, childName, child);
    parent.children.delete(name);
    unwatched.delete(node);
    for (const directory of node.directories) {
      if (directory === undefined) continue;
      owners.delete(directory);
      watcher.remove(directory);
    }
    listener.removed(node);
  }

  function childNames(directory: string | undefined): string[] {
    if (directory === undefined) return [];
    try {
      return readChildren(directory);
    } catch (error) {
      listener.failed(directory, error as Error);
      return [];
    }
  }

  function createNode(
    path: string,
    directoryOf: (mount: Mount, index: number) => string | undefined,
  ): CgroupNode | undefined {
    const candidates = mounts.map(directoryOf);
    const found = candidates.map((path) => (path === undefined ? undefined : readDirectory(path)));
    if (path !== '/' && found.every((entry) => entry === undefined)) return undefined;
    const times = found.flatMap((entry) => (entry === undefined ? [] : [entry.modifiedMillis]));
    return {
      path,
      directories: candidates.map((path, i) => (found[i] === undefined ? undefined : path)),
      inodes: found.map((entry) => entry?.inode),
      modifiedMillis: Math.min(...times),
      children: new Map(),
    };
  }

  /** A directory more or another inode makes it another cgroup for its readers. */
  function isReplaced(node: CgroupNode): boolean {
    return mounts.some((mount, i) => {
      const path = `${mount.directory}${node.path}`;
      return readDirectory(path)?.inode !== node.inodes[i];
    });
  }
}

function join(directory: string | undefined, name: string): string | undefined {
  return directory === undefined ? undefined : `${directory}/${name}`;
}
