import type { LogOnce } from '../../helper/log-once.ts';
import type { FileStore } from '../../platform/file/file-store.ts';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { type OciResources, type OciSpec, parseOciSpec } from '../../platform/oci/spec.ts';
import { isSandboxAlive } from '../../platform/runsc/process.ts';
import { expandRoots, listStates, type StateFile } from '../../platform/runsc/roots.ts';
import { type RunscState, readStamp, readState } from '../../platform/runsc/state.ts';
import { cgroupPathOf, parseCgroupPath } from '../../workload/cgroup-path.ts';

/** A container of gVisor whose processes are not in the cgroup that its spec asks for. */
export interface Container {
  readonly id: string;
  /** That cgroup: a child of a pod's. */
  readonly path: string;
  /** Whether systemd's names are used, so that nobody has made its directory. */
  readonly isScope: boolean;
  readonly resources: OciResources;
}

/** The containers at one moment. */
export interface Found {
  /** By cgroup path. */
  readonly containers: ReadonlyMap<string, Container>;
  /** The directories that hold the state files; those that are not there are not among them. */
  readonly roots: readonly string[];
  /** False where something could not be read: who is missing may be there all the same. */
  readonly isComplete: boolean;
}

interface Known {
  readonly file: StateFile;
  readonly stamp: string;
  readonly state: RunscState | undefined;
  readonly container: Container | undefined;
}

/** The sandbox joins this cgroup instead of its own, which is then as empty as the others'. */
const PARENT = 'dev.gvisor.spec.cgroup-parent';

/** Makes the look-up in runsc's own state files, which tell of every container and its whole spec. */
export function createContainerFinder(
  paths: RootedPaths,
  patterns: readonly string[],
  files: FileStore,
  said: LogOnce,
): () => Found {
  const proc = paths.resolve('/proc');
  let known = new Map<string, Known>();
  return find;

  function find(): Found {
    const containers = new Map<string, Container>();
    const next = new Map<string, Known>();
    const roots = expandRoots(paths, patterns);
    let isComplete = true;
    for (const file of roots.flatMap((root) => list(root))) {
      const each = look(file);
      next.set(file.path, each);
      if (each.state === undefined) isComplete = false;
      else if (each.container !== undefined && isAlive(each.state)) {
        containers.set(each.container.path, each.container);
      }
    }
    for (const path of known.keys()) if (!next.has(path)) said.forget(path);
    known = next;
    return { containers, roots, isComplete };

    /** Where it may not be read for now, those that were there are. */
    function list(root: string): StateFile[] {
      try {
        const found = listStates(root);
        said.recovered(root, 'State directory can be read again', { path: root });
        return found;
      } catch (error) {
        isComplete = false;
        trouble(root, 'State directory may not be read; its containers get no cgroups', error);
        return [...known.values()].map(({ file }) => file).filter((file) => file.root === root);
      }
    }
  }

  /** One that is being written is as it was before. */
  function look(file: StateFile): Known {
    const stamp = readStamp(file.path);
    const before = known.get(file.path);
    if (before?.stamp === stamp) return before;
    try {
      const state = readState(file.path, file);
      said.recovered(file.path, 'State file can be used again', { path: file.path });
      const container = state && containerOf(state, parseOciSpec(state.spec));
      return { file, stamp, state, container };
    } catch (error) {
      trouble(file.path, 'State file cannot be used; its container gets no cgroup', error);
      return { file, stamp, state: before?.state, container: before?.container };
    }
  }

  function isAlive({ sandboxPid, sandboxId }: RunscState): boolean {
    return isSandboxAlive(proc, sandboxPid, sandboxId, files);
  }

  function trouble(path: string, message: string, error: unknown): void {
    said.trouble(path, message, { path, error: (error as Error).message });
  }
}

/** Undefined for what has its processes in its own cgroup, and for a cgroup that is no container's. */
function containerOf(
  { containerId, sandboxId }: RunscState,
  { annotations, cgroupsPath, resources }: OciSpec,
): Container | undefined {
  if (containerId === sandboxId && annotations[PARENT] === undefined) return undefined;
  const path = cgroupPathOf(cgroupsPath, containerId);
  const { kind, containerId: id, podUid } = parseCgroupPath(path);
  if (kind !== 'container' || id !== containerId || podUid === undefined) return undefined;
  return { id, path, isScope: path.endsWith('.scope'), resources };
}
