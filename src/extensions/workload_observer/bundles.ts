import type { LogOnce } from '../../helper/log-once.ts';
import { createRootedPaths } from '../../platform/file/rooted.ts';
import { BundleError, type BundleSource } from '../../platform/oci/bundle.ts';
import { createContainerdSource } from '../../platform/oci/containerd.ts';
import { createDockerSource } from '../../platform/oci/docker.ts';
import { createStorageSource } from '../../platform/oci/storage.ts';
import { type Facts, factsOf } from '../../workload/facts.ts';
import type { Engine, Workload } from '../../workload/workload.ts';
import type { Config } from './config.ts';

/** The bundles on this host's disks, looked up by container id when they are wanted. */
export interface Bundles {
  /** True where bundles of the container's engine are kept: it has names, now or soon. */
  areKeptFor(workload: Workload): boolean;
  /** What the container's bundle tells; undefined while there is none that can be used. */
  find(workload: Workload): Facts | undefined;
}

/** Makes the look-up; a bundle that cannot be used is said once. */
export function createBundles(config: Config, said: LogOnce): Bundles {
  const paths = createRootedPaths(config.root_path);
  const containerd = createContainerdSource(paths, config.containerd_state_directories);
  const storage = createStorageSource(paths, config.storage_directories);
  const docker = createDockerSource(paths, config.docker_data_directories, containerd);
  const byEngine: Readonly<Record<Engine, readonly BundleSource[]>> = {
    containerd: [containerd],
    'cri-o': [storage],
    podman: [storage],
    docker: [docker, containerd],
  };
  const every = [docker, containerd, storage];
  const troubles = new Map<string, string>();
  return { areKeptFor, find };

  function sourcesOf({ engine }: Workload): readonly BundleSource[] {
    return engine === undefined ? every : byEngine[engine];
  }

  function areKeptFor(workload: Workload): boolean {
    return sourcesOf(workload).some((source) => source.exists());
  }

  function find(workload: Workload): Facts | undefined {
    const id = workload.containerId ?? '';
    try {
      for (const source of sourcesOf(workload)) {
        const bundle = source.find(id);
        if (bundle === undefined) continue;
        const facts = checked(factsOf(bundle, config.sandbox_image), workload);
        recovered(id);
        return facts;
      }
      recovered(id);
    } catch (error) {
      troubled(id, error as Error);
    }
    return undefined;
  }

  function recovered(id: string): void {
    const key = troubles.get(id);
    if (key === undefined) return;
    troubles.delete(id);
    if (![...troubles.values()].includes(key))
      said.recovered(key, 'Bundle can be used again', { id });
  }

  /** Without the right to look, one line stands for all bundles. */
  function troubled(id: string, error: Error): void {
    const path = error instanceof BundleError ? error.path : '';
    const isDenied = /^E(ACCES|PERM)/.test(error.message);
    const key = isDenied ? 'denied' : path;
    troubles.set(id, key);
    said.trouble(
      key,
      isDenied
        ? 'Bundles may not be read (needs root or CAP_DAC_READ_SEARCH); their containers have no names'
        : 'Bundle cannot be used; its container has no names',
      { path, error: error.message },
    );
  }
}

/** The cgroup path is the kubelet's word: a bundle that names another pod is not this container's. */
function checked(facts: Facts, workload: Workload): Facts {
  const { podUid, sandboxId } = facts;
  if (workload.podUid !== undefined && podUid !== undefined && podUid !== workload.podUid) {
    throw new Error(`the bundle is of pod ${podUid}, the cgroup of pod ${workload.podUid}`);
  }
  if (sandboxId !== undefined && !/^[0-9a-f]{64}$/.test(sandboxId)) {
    throw new Error(`the sandbox id ${JSON.stringify(sandboxId)} is not one`);
  }
  return facts;
}
