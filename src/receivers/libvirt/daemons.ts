import { ConfigError } from '../../errors.ts';
import type { RootedPaths } from '../../platform/file/rooted.ts';
import { findSockets, type SocketFile } from '../../platform/libvirt/sockets.ts';
import { LibvirtUriError, parseLibvirtUri } from '../../platform/libvirt/uri.ts';
import type { Config } from './config.ts';
import type { DaemonPlace } from './daemon.ts';

/** Where a daemon may be, and what its socket tells of the container that it is in. */
export interface FoundDaemon extends DaemonPlace {
  readonly key: string;
  readonly pid: number | undefined;
  readonly podUid: string | undefined;
}

/** Looks for daemons. */
export type FindDaemons = () => readonly FoundDaemon[];

/** A look through all processes costs some milliseconds. */
const LOOK_MILLIS = 5_000;
const HERE = { pid: undefined, podUid: undefined };

/** What daemons are looked for with. */
export interface FindOptions {
  readonly paths: RootedPaths;
  /** Of the receiver, in the configuration. */
  readonly key: string;
  /** $XDG_RUNTIME_DIR. */
  readonly runtimeDirectory: string | undefined;
}

/** Reads `uri` and `sockets`. Throws a ConfigError that says what to write instead. */
export function createFindDaemons(
  { uri, sockets }: Config,
  { paths, key, runtimeDirectory }: FindOptions,
): FindDaemons {
  const fault = (option: string, message: string) => new ConfigError(`${key}::${option}`, message);
  if (sockets.length === 0) {
    try {
      return findByUri(uri, paths, runtimeDirectory);
    } catch (error) {
      throw error instanceof LibvirtUriError ? fault('uri', error.message) : error;
    }
  }
  for (const socket of sockets) {
    if (!socket.startsWith('/')) throw fault('sockets', `"${socket}" is no absolute path`);
  }
  const hasWild = sockets.some((socket) => socket.includes('*'));
  let found: readonly FoundDaemon[] = [];
  let due = 0;
  return () => {
    if (performance.now() < due) return found;
    found = findSockets(paths, sockets).map(daemonOf);
    due = hasWild ? performance.now() + LOOK_MILLIS : 0;
    return found;
  };
}

/** A socket does not tell whether its daemon is the system's or a user's. */
function daemonOf({ path, key, pid, podUid }: SocketFile): FoundDaemon {
  const targets = ['qemu:///system', 'qemu:///session'].map((driverUri) => ({
    ...{ driverUri, sockets: [path], isReadOnly: true },
  }));
  return { name: path, key, pid, podUid, targets: () => targets };
}

function findByUri(
  uri: string,
  paths: RootedPaths,
  runtimeDirectory: string | undefined,
): FindDaemons {
  const target = parseLibvirtUri(uri, { isReadOnly: true, runtimeDirectory });
  const targets = () => [{ ...target, sockets: target.sockets.map(paths.resolve) }];
  const daemon = { name: uri, key: uri, ...HERE, targets };
  return () => [daemon];
}
