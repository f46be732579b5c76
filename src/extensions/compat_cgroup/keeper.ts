import type { Logger } from '../../component/telemetry.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { createDirectoryWatcher } from '../../helper/watch-directories.ts';
import { isRemovable, removeCgroup } from '../../platform/cgroupfs/directory-writer.ts';
import type { Hierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import { createFdBudget } from '../../platform/file/fd-budget.ts';
import { createFileStore } from '../../platform/file/file-store.ts';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { type CompatCgroup, createCompatCgroup } from './compat-cgroup.ts';
import type { Config } from './config.ts';
import { type Container, createContainerFinder, type Found } from './containers.ts';
import { podScopes } from './orphans.ts';

/** Keeps a cgroup for each of gVisor's containers for as long as it lives. */
export interface Keeper {
  /** Looks at once, then whenever something is seen to change, and at intervals. */
  start(): void;
  stop(): void;
}

/** What a keeper is made with. */
export interface KeeperOptions {
  readonly paths: RootedPaths;
  readonly hierarchies: Hierarchies;
  readonly config: Config;
  readonly logger: Logger;
}

/** A state file is made first and written a moment later. */
const SETTLE_MILLIS = 100;

/** Makes the keeper; nothing is changed before it starts. */
export function createKeeper({ paths, hierarchies, config, logger }: KeeperOptions): Keeper {
  const said = createLogOnce(logger);
  const files = createFileStore(createFdBudget(0), { failed() {}, recovered() {}, gone() {} });
  const find = createContainerFinder(paths, config.roots, files, said);
  const context = { hierarchies, config, said, plan: (step: string) => steps.push(step) };
  const cgroups = new Map<string, CompatCgroup>();
  const watcher = createDirectoryWatcher(() => {
    settling ??= setTimeout(look, SETTLE_MILLIS).unref();
  });
  /** Of a dry run; told in one line, for the log leaves out some of many. */
  let steps: string[] = [];
  let settling: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isSwept = false;
  return { start, stop };

  function start(): void {
    look();
    if (config.interval > 0) timer = setInterval(look, config.interval).unref();
  }

  function look(): void {
    settling = undefined;
    const found = find();
    for (const root of found.roots) watcher.add(root);
    for (const container of found.containers.values()) take(container);
    for (const [path, cgroup] of cgroups) {
      if (!found.containers.has(path) && cgroup.end()) cgroups.delete(path);
    }
    for (const path of found.containers.keys()) cgroups.get(path)?.keep();
    if (!isSwept && found.isComplete) sweep(found);
    if (steps.length > 0) logger.info('Dry run: this would be done', { steps });
    steps = [];
  }

  /** Its limits may have been changed in place. */
  function take(container: Container): void {
    const { path } = container;
    const before = cgroups.get(path);
    if (before !== undefined && isSame(before.container, container)) return;
    before?.leave();
    cgroups.set(path, createCompatCgroup(container, context));
  }

  /** What was made before the agent was killed, for containers that died meanwhile. */
  function sweep({ containers }: Found): void {
    isSwept = true;
    const memory = hierarchies.controller('memory');
    if (memory?.version !== 2) return;
    for (const path of podScopes(memory.directory)) {
      if (!containers.has(path)) removeOrphan(memory.directory, path);
    }
  }

  function removeOrphan(mount: string, path: string): void {
    try {
      if (config.dry_run) planRemoval(mount, path);
      else removeCgroup(mount, path);
    } catch (error) {
      const fields = { path: `${mount}${path}`, error: (error as Error).message };
      said.trouble(path, 'A directory of a former container cannot be removed', fields);
    }
  }

  function planRemoval(mount: string, path: string): void {
    if (isRemovable(mount, path)) steps.push(`rmdir ${mount}${path}`);
  }

  function stop(): void {
    watcher.close();
    clearTimeout(settling);
    clearInterval(timer);
    for (const cgroup of cgroups.values()) {
      if (config.remove_on_shutdown) cgroup.takeBack();
      else cgroup.leave();
    }
    cgroups.clear();
  }
}

function isSame(a: Container, b: Container): boolean {
  return a === b || JSON.stringify(a.resources) === JSON.stringify(b.resources);
}
