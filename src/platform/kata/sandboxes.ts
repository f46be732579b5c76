import { lstatSync, readdirSync } from 'node:fs';

/** A sandbox by the files of its runtime. */
export interface SandboxFiles {
  readonly id: string;
  readonly directory: string;
  readonly socketPath: string;
  /** When its shim began to listen, in ms since the epoch: a sandbox has one socket for its life. */
  readonly startMillis: number;
  /** Differs for a sandbox that was made anew under the same id. */
  readonly stamp: string;
}

const SOCKET = 'shim-monitor.sock';
/** containerd's grammar of identifiers: nothing else enters a path. */
const ID = /^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/;
const MAX_ID = 76;

/**
 * Lists `<directory>/<sandbox id>/shim-monitor.sock`; undefined when there is no such directory.
 * Throws when it may not be listed. A directory without a socket is no sandbox, or none yet.
 */
export function listSandboxes(directory: string): SandboxFiles[] | undefined {
  const names = namesIn(directory);
  return names
    ?.filter(isSandboxId)
    .map((id) => sandboxIn(directory, id))
    .filter((found) => found !== undefined);
}

/** True for what a runtime takes as an id. */
export function isSandboxId(text: string): boolean {
  return text.length <= MAX_ID && ID.test(text);
}

function namesIn(directory: string): string[] | undefined {
  try {
    return readdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Follows no link: whoever could put one there could name any socket of the host. */
function sandboxIn(parent: string, id: string): SandboxFiles | undefined {
  const directory = `${parent}/${id}`;
  const socketPath = `${directory}/${SOCKET}`;
  if (!lstatSync(directory, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const socket = lstatSync(socketPath, { throwIfNoEntry: false });
  if (!socket?.isSocket()) return undefined;
  const startMillis = Math.floor(socket.mtimeMs);
  return { id, directory, socketPath, startMillis, stamp: `${socket.ino} ${startMillis}` };
}
