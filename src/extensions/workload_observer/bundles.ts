import { dirname, relative, resolve } from 'node:path';
import type { LogOnce } from '../../helper/log-once.ts';
import { createRootedPaths } from '../../platform/file/rooted.ts';
import { type Bundle, BundleError, type BundleSource } from '../../platform/oci/bundle.ts';
import { createContainerdSource } from '../../platform/oci/containerd.ts';
import { createDockerSource } from '../../platform/oci/docker.ts';
import { createStorageSource } from '../../platform/oci/storage.ts';
import { parseCgroupPath } from '../../workload/cgroup-path.ts';
import { type Facts, factsOf } from '../../workload/facts.ts';
import type { Engine, Workload } from '../../workload/workload.ts';
import type { Config } from './config.ts';

/** The bundles on this host's disks, looked up by container id when they are wanted. */
export interface Bundles {
  /** True where bundles of the container's engine are kept: it has names, now or soon. */
  areKeptFor(workload: Workload): boolean;
  /** What the container's bundle tells; undefined while there is none that can be used. */
  find(workload: Workload): Facts | undefined;
  /** The workload is gone, and its trouble with it. */
  forget(workload: Workload): void;
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
  const seen = new Set<BundleSource>();
  const troubles = new Map<string, string>();
  return { areKeptFor, find, forget: (workload) => over(workload, GONE) };

  /** No engine keeps a bundle of a VM. */
  function sourcesOf({ engine, runtime }: Workload): readonly BundleSource[] {
    if (runtime === 'libvirt') return [];
    return engine === undefined ? every : byEngine[engine];
  }

  /** An engine that was there once comes again: its containers wait for it. */
  function areKeptFor(workload: Workload): boolean {
    return sourcesOf(workload).some((source) => {
      if (!seen.has(source) && isThere(source)) seen.add(source);
      return seen.has(source);
    });
  }

  function find(workload: Workload): Facts | undefined {
    if (isInContainer(workload)) return undefined;
    try {
      for (const source of sourcesOf(workload)) {
        const bundle = source.find(workload.containerId ?? '');
        if (bundle === undefined) continue;
        seen.add(source);
        const rootfs = rootfsOf(bundle, paths.root);
        const facts = { ...factsOf(bundle, config.sandbox_image), rootfs };
        check(bundle, facts, workload);
        over(workload, 'Bundle can be used again');
        return facts;
      }
      over(workload, GONE);
    } catch (error) {
      troubled(workload, error as Error);
    }
    return undefined;
  }

  /** Without the right to look, one line stands for all bundles. */
  function troubled(workload: Workload, error: Error): void {
    const path = error instanceof BundleError ? error.path : '';
    const isDenied = /^E(ACCES|PERM)/.test(error.message);
    const key = isDenied ? 'denied' : path;
    if (troubles.get(workload.id) === key) return;
    over(workload, 'Bundle is in another trouble now');
    troubles.set(workload.id, key);
    said.trouble(
      key,
      isDenied
        ? 'Bundles may not be read (needs root or CAP_DAC_READ_SEARCH); their containers have no names'
        : 'Bundle cannot be used; its container has no names',
      { path, error: error.message },
    );
  }

  function over({ id }: Workload, message: string): void {
    const key = troubles.get(id);
    if (key === undefined) return;
    troubles.delete(id);
    if (![...troubles.values()].includes(key)) said.recovered(key, message, { id });
  }
}

/** Where links lead in a loop there is nothing; `find` says why. */
function isThere(source: BundleSource): boolean {
  try {
    return source.exists();
  } catch {
    return false;
  }
}

const GONE = 'Bundle that could not be used is gone';

/** A relative path is the bundle's: made the host's here, where it is known what that is below. */
function rootfsOf({ path, spec }: Bundle, root: string): string | undefined {
  return spec.rootfs && resolve('/', relative(root, dirname(path)), spec.rootfs);
}

/** A tenant may make cgroups below its own, of any name: no engine of the host keeps one there. */
export function isInContainer({ id }: Workload): boolean {
  for (let end = id.lastIndexOf('/'); end > 0; end = id.lastIndexOf('/', end - 1)) {
    if (parseCgroupPath(id.slice(0, end)).kind === 'container') return true;
  }
  return false;
}

/**
 * The cgroup path is the kubelet's word: a bundle that names another pod, or that was made for
 * another cgroup, is not this container's.
 */
function check(bundle: Bundle, facts: Facts, workload: Workload): void {
  const fault = faultOf(facts, bundle.spec.cgroupsPath ?? '', workload);
  if (fault !== undefined) throw new BundleError(bundle.path, new Error(fault));
}

/** Why what is told of a container cannot be this one's: undefined where nothing speaks against it. */
export function faultOf(facts: Facts, cgroupsPath: string, workload: Workload): string | undefined {
  const { podUid, sandboxId } = facts;
  if (workload.podUid !== undefined && podUid !== undefined && podUid !== workload.podUid) {
    return `it is of pod ${JSON.stringify(podUid)}, the cgroup of pod ${workload.podUid}`;
  }
  const container = /([0-9a-f]{64})(?:\.scope)?$/.exec(cgroupsPath)?.[1];
  if (container !== undefined && container !== workload.containerId) {
    return `it is of container ${container}`;
  }
  if (sandboxId !== undefined && !/^[0-9a-f]{64}$/.test(sandboxId)) {
    return `the sandbox id ${JSON.stringify(sandboxId)} is not one`;
  }
  return undefined;
}
