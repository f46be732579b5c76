import { lstatSync } from 'node:fs';
import { readBoundedJson } from '../file/bounded-json.ts';
import { type OciSpec, parseOciSpec } from './spec.ts';

/** What the files of a container engine say of one container. */
export interface Bundle {
  readonly id: string;
  /** Its config.json. */
  readonly path: string;
  readonly spec: OciSpec;
  /** The name of the runtime: a binary, a shim or a handler; undefined when no file tells. */
  readonly runtime: string | undefined;
  /** The name and the image that the engine keeps apart from the spec (Docker, Podman). */
  readonly name: string | undefined;
  readonly image: string | undefined;
  /** Labels that the engine keeps apart from the spec (Docker). */
  readonly labels: Readonly<Record<string, string>>;
}

/** Files of one kind of engine. */
export interface BundleSource {
  /** True when the engine's directories are there: then its containers have names. */
  exists(): boolean;
  /** Finds a container by id; undefined when it is not there. Throws BundleError. */
  find(id: string): Bundle | undefined;
}

/** A bundle that is there and cannot be used. */
export class BundleError extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super((cause as Error).message);
    this.path = path;
  }
}

/** Runs a look at `path`; an error in it becomes a BundleError. */
export function lookAt<T>(path: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw error instanceof BundleError ? error : new BundleError(path, error);
  }
}

/**
 * Reads `<directory>/<file>` as parsed JSON; undefined when it is not there. `directory` is checked
 * by `isOwnDirectory`, and so is its parent where that bears the container's id (`parent`).
 */
export function readOwnJson(directory: string, file: string, parent = directory): unknown {
  const path = `${directory}/${file}`;
  return lookAt(path, () => {
    const isThere = isOwnDirectory(parent) && (parent === directory || isOwnDirectory(directory));
    return isThere ? readBoundedJson(path) : undefined;
  });
}

/** Reads `<directory>/config.json` as an OCI config; undefined when it is not there. */
export function readConfig(directory: string, parent?: string): OciSpec | undefined {
  const json = readOwnJson(directory, 'config.json', parent);
  return json === undefined
    ? undefined
    : lookAt(`${directory}/config.json`, () => parseOciSpec(json));
}

/** False when it is not there. A symbolic link would lead out of the engine's tree: an error. */
function isOwnDirectory(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (!stat.isDirectory()) throw new Error('its directory is a symbolic link or no directory');
  return true;
}

/** containerd's identifiers, which CRI-O's, Docker's and Podman's hexadecimal ids obey too. */
export function isContainerId(text: string): boolean {
  return /^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/.test(text) && text.length <= 76;
}
