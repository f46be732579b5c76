import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { readBounded } from '../file/bounded.ts';
import { readBoundedJson } from '../file/bounded-json.ts';
import type { RootedPaths } from '../file/rooted.ts';
import { type Bundle, type BundleSource, isContainerId, readConfig } from './bundle.ts';

const TASKS = ['io.containerd.runtime.v2.task', 'io.containerd.runtime.v1.linux'];
const NAMESPACES_FIRST = ['k8s.io', 'moby'];
const MAX_NAME_BYTES = 4096;

/**
 * containerd: `<state>/io.containerd.runtime.v2.task/<namespace>/<id>/config.json`, for the state
 * directories of containerd itself, k3s, Docker and the like. Beside it `shim-binary-path`,
 * `runtime` and `options.json` tell the runtime.
 */
export function createContainerdSource(
  paths: RootedPaths,
  stateDirectories: readonly string[],
): BundleSource {
  return { exists: () => taskDirectories().length > 0, find };

  function taskDirectories(): string[] {
    return stateDirectories
      .flatMap((state) => TASKS.map((task) => paths.resolve(`${state}/${task}`)))
      .filter((directory) => existsSync(directory));
  }

  function find(id: string): Bundle | undefined {
    for (const tasks of taskDirectories()) {
      for (const namespace of namespacesIn(tasks)) {
        const directory = `${tasks}/${namespace}/${id}`;
        const spec = readConfig(directory);
        if (spec === undefined) continue;
        const runtime = readRuntime(directory);
        const path = `${directory}/config.json`;
        return { id, path, spec, runtime, name: undefined, image: undefined, labels: {} };
      }
    }
    return undefined;
  }
}

function namespacesIn(tasks: string): string[] {
  const found = entriesOf(tasks)
    .filter((entry) => entry.isDirectory() && isContainerId(entry.name))
    .map((entry) => entry.name);
  const first = NAMESPACES_FIRST.filter((name) => found.includes(name));
  return [...first, ...found.filter((name) => !first.includes(name))];
}

/** None when the directory has just gone, with a runtime that restarts. */
function entriesOf(tasks: string): Dirent[] {
  try {
    return readdirSync(tasks, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

/** The binary of options.json or `runtime` under a runc shim, else the shim itself. */
function readRuntime(directory: string): string | undefined {
  const shim = readName(`${directory}/shim-binary-path`);
  const options = readOptions(`${directory}/options.json`);
  const binary = options || readName(`${directory}/runtime`);
  return [binary, shim].filter(Boolean).join(' ') || undefined;
}

function readOptions(path: string): string | undefined {
  try {
    const json = readBoundedJson(path) as { binary_name?: unknown } | undefined;
    return typeof json?.binary_name === 'string' ? json.binary_name : undefined;
  } catch {
    return undefined;
  }
}

function readName(path: string): string | undefined {
  try {
    return readBounded(path, MAX_NAME_BYTES)?.toString().trim();
  } catch {
    return undefined;
  }
}
