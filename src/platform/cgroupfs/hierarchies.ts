import type { RootedPaths } from '../file/rooted.ts';

/** Where one controller is mounted. */
export interface Mount {
  readonly version: 1 | 2;
  /** Real path of the directory that stands for cgroup `/`. */
  readonly directory: string;
}

/** The cgroup hierarchies of a host: v1, v2 or both (hybrid), by controller. */
export interface Hierarchies {
  /** The mount that speaks for a controller, undefined where none does. */
  controller(name: string): Mount | undefined;
}

interface CgroupMount extends Mount {
  readonly controllers: readonly string[];
  readonly root: string;
}

/**
 * Finds the mounts in the text of /proc/<pid>/mountinfo (proc(5)). A controller mounted as v1
 * belongs to v1; only the others are v2's. Of several mounts the one with the shortest root wins.
 */
export function parseHierarchies(mountinfo: string, paths: RootedPaths): Hierarchies {
  const mounts = mountinfo
    .split('\n')
    .map((line) => parseMount(line, paths))
    .filter((mount) => mount !== undefined)
    .sort((a, b) => a.root.length - b.root.length);
  const unified = mounts.find((mount) => mount.version === 2);
  return {
    controller: (name) =>
      mounts.find((mount) => mount.version === 1 && mount.controllers.includes(name)) ?? unified,
  };
}

function parseMount(line: string, paths: RootedPaths): CgroupMount | undefined {
  const [left, right] = line.split(' - ');
  const [, , , root, mountPoint] = left?.split(' ') ?? [];
  const [type, , options] = right?.split(' ') ?? [];
  if (root === undefined || mountPoint === undefined) return undefined;
  if (type !== 'cgroup' && type !== 'cgroup2') return undefined;
  return {
    version: type === 'cgroup' ? 1 : 2,
    controllers: type === 'cgroup' ? (options ?? '').split(',') : [],
    directory: paths.resolve(unescapeOctal(mountPoint)),
    root,
  };
}

/** mountinfo writes space, tab, newline and backslash as \ooo. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
