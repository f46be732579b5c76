import { readdirSync } from 'node:fs';
import type { LogOnce } from '../../helper/log-once.ts';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { isContainerId } from '../../platform/oci/bundle.ts';
import { createContainerdSource } from '../../platform/oci/containerd.ts';
import type { OciSpec } from '../../platform/oci/spec.ts';
import { createStorageSource } from '../../platform/oci/storage.ts';
import { cgroupPathOf, parseCgroupPath } from '../../workload/cgroup-path.ts';
import { type Facts, factsOf } from '../../workload/facts.ts';
import type { Workload } from '../../workload/workload.ts';

/** A container of a sandbox, by its bundle. */
export interface Bundled {
  readonly workload: Workload;
  readonly facts: Facts;
  readonly spec: OciSpec;
}

/** The bundles of the host by sandbox; each is read once. */
export interface BundleIndex {
  /** Lists the engines' directories. */
  look(): void;
  of(sandboxId: string): readonly Bundled[];
}

/** Where bundles are looked for, as the host sees it. */
interface BundleDirectories {
  readonly containerd_state_directories: readonly string[];
  readonly storage_directories: readonly string[];
}

/** Makes an empty index; a bundle that cannot be used is said once. */
export function createBundleIndex(
  paths: RootedPaths,
  directories: BundleDirectories,
  said: LogOnce,
): BundleIndex {
  const { containerd_state_directories: states, storage_directories: storages } = directories;
  const sources = [createContainerdSource(paths, states), createStorageSource(paths, storages)];
  const known = new Map<string, Bundled>();
  let bySandbox = new Map<string, Bundled[]>();
  return { look, of: (id) => bySandbox.get(id) ?? [] };

  function look(): void {
    const ids = new Set(parents().flatMap(namesIn).filter(isContainerId));
    for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    for (const id of ids) if (!known.has(id)) add(id);
    bySandbox = Map.groupBy(known.values(), ({ facts }) => facts.sandboxId ?? '');
  }

  function parents(): string[] {
    const tasks = states.map((state) => paths.resolve(`${state}/io.containerd.runtime.v2.task`));
    const namespaces = tasks.flatMap((task) => namesIn(task).map((name) => `${task}/${name}`));
    const drivers = storages.map(paths.resolve).flatMap((storage) =>
      namesIn(storage)
        .filter((name) => name.endsWith('-containers'))
        .map((name) => `${storage}/${name}`),
    );
    return [...namespaces, ...drivers];
  }

  /** What is no bundle yet is looked at again. */
  function add(id: string): void {
    try {
      for (const source of sources) {
        const bundle = source.find(id);
        if (bundle === undefined) continue;
        const { podUid, sandboxId, ...facts } = factsOf({ ...bundle, runtime: 'kata' });
        const { spec } = bundle;
        const byPath = parseCgroupPath(cgroupPathOf(spec.cgroupsPath, id));
        const workload = Object.freeze({
          ...({ kind: 'container', id: byPath.id, containerId: id, runtime: 'kata' } as const),
          ...{ podUid: byPath.podUid ?? podUid, engine: byPath.engine },
        });
        known.set(id, { workload, spec, facts: { ...facts, podUid, sandboxId: sandboxId ?? id } });
        said.recovered(`bundle ${id}`, 'Bundle can be used again', { id });
        return;
      }
    } catch (error) {
      said.trouble(`bundle ${id}`, 'Bundle cannot be used; its container has no rows', {
        id,
        error: (error as Error).message,
      });
    }
  }
}

/** A directory that is not there, or not to be seen, has none. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
