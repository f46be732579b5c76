import { lstatSync } from 'node:fs';
import * as z from 'zod/mini';
import { readBoundedJson } from '../file/bounded-json.ts';

/** What runsc keeps on disk of one container (runsc/container/state_file.go). */
export interface RunscState {
  readonly containerId: string;
  /** The id of the sandbox' own (root) container. */
  readonly sandboxId: string;
  /** When the container was made, in ms since the epoch. */
  readonly createdMillis: number;
  /** The process in which the whole sandbox runs; it may be gone, for nobody clears it. */
  readonly sandboxPid: number;
  /** Where newer builds listen; older ones have an abstract socket. */
  readonly controlSocketPath: string | undefined;
  /** The OCI runtime spec, whole, as parsed JSON. */
  readonly spec: unknown;
}

/** The two ids in the name of a state file. */
export interface StateName {
  readonly containerId: string;
  readonly sandboxId: string;
}

const NAME = /^([\w+.-]{1,256})_sandbox:([\w+.-]{1,256})\.state$/;
const STATE = z.object({
  id: z.string(),
  createdAt: z.string(),
  spec: z.unknown(),
  sandbox: z.nullish(
    z.object({
      id: z.string(),
      pid: z.number(),
      controlSocketPath: z.nullish(z.string()),
    }),
  ),
});

/** Reads `<container id>_sandbox:<sandbox id>.state`; undefined for any other name. */
export function parseStateName(name: string): StateName | undefined {
  const match = NAME.exec(name);
  const [, containerId, sandboxId] = match ?? [];
  if (containerId === undefined || sandboxId === undefined) return undefined;
  return isPlain(containerId) && isPlain(sandboxId) ? { containerId, sandboxId } : undefined;
}

/**
 * Reads a state file. Undefined when it is gone or tells of no sandbox yet. Throws an Error that says
 * what is wrong with it.
 */
export function readState(path: string, name: StateName): RunscState | undefined {
  const json = readBoundedJson(path);
  if (json === undefined) return undefined;
  const parsed = STATE.safeParse(json);
  if (!parsed.success) {
    throw new Error(`it is no state of runsc: ${parsed.error.issues[0]?.path.join('.')} is wrong`);
  }
  const { id, createdAt, spec, sandbox } = parsed.data;
  if (!sandbox || sandbox.pid <= 0) return undefined;
  if (id !== name.containerId || sandbox.id !== name.sandboxId) {
    throw new Error('it is the state of another container');
  }
  const createdMillis = Date.parse(createdAt);
  if (Number.isNaN(createdMillis)) throw new Error('createdAt is no time');
  return {
    ...name,
    createdMillis,
    sandboxPid: sandbox.pid,
    controlSocketPath: sandbox.controlSocketPath || undefined,
    spec,
  };
}

/** What changes when a state file or its mode does; never throws, and follows no link. */
export function readStamp(path: string): string {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return `${stat?.ino} ${stat?.ctimeMs} ${stat?.size}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** An id becomes part of paths and arguments: it is no option and no way up. */
function isPlain(id: string): boolean {
  return !/^[-.]/.test(id);
}
