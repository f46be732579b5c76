import type { FileStore } from '../file/file-store.ts';

/**
 * The cgroup of a process in the hierarchy of a v1 controller, or in the unified one (`undefined`), by
 * /proc/<pid>/cgroup (cgroups(7)); undefined when the process is gone or has none there.
 */
export function readCgroupPath(
  proc: string,
  pid: number,
  controller: string | undefined,
  files: FileStore,
): string | undefined {
  const length = files.readOnce(`${proc}/${pid}/cgroup`);
  if (length <= 0) return undefined;
  for (const line of files.buffer.toString('utf8', 0, length).split('\n')) {
    const [id, controllers, ...path] = line.split(':');
    const isIt =
      controller === undefined ? id === '0' : controllers?.split(',').includes(controller);
    if (isIt && path.length > 0) return path.join(':');
  }
  return undefined;
}
