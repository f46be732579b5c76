/** Where a daemon listens and what it is to open. */
export interface LibvirtTarget {
  /** The name that the daemon is given; undefined lets it take its own. */
  readonly driverUri: string | undefined;
  /** Absolute paths, in the order in which they are tried. */
  readonly sockets: readonly string[];
  /** A connection that may not change anything, nor ask the agent inside a guest. */
  readonly isReadOnly: boolean;
}

/** What a URI is read for. */
export interface LibvirtAccess {
  /** The agent inside a guest is asked by connections that may also write. */
  readonly isReadOnly: boolean;
  /** $XDG_RUNTIME_DIR; needed for qemu:///session. */
  readonly runtimeDirectory?: string | undefined;
}

/** A `uri` that cannot be used; the message says what to write instead. */
export class LibvirtUriError extends Error {
  override readonly name = 'LibvirtUriError';
}

const SYSTEM_DIRECTORY = '/run/libvirt';
const SHAPE = /^([a-z]+)(?:\+([a-z0-9]+))?:\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/;
const WANTED = 'give qemu:///system, qemu:///session, test:///default or test:///path/to/file.xml';

/**
 * Reads a connection URI (libvirt.org/uri.html): the QEMU and test drivers of a daemon of this host,
 * and `?socket=` for one that listens elsewhere. libvirtd's sockets come before virtqemud's, those
 * for reading before those for writing. Throws a LibvirtUriError.
 */
export function parseLibvirtUri(text: string, access: LibvirtAccess): LibvirtTarget {
  const [, driver, transport, host, path = '', query] = SHAPE.exec(text) ?? [];
  if (driver === undefined) throw new LibvirtUriError(`${text} is no URI of libvirt: ${WANTED}`);
  if (driver !== 'qemu' && driver !== 'test') {
    throw new LibvirtUriError(`the driver ${driver} is not supported: ${WANTED}`);
  }
  if (transport !== undefined && transport !== 'unix') {
    throw new LibvirtUriError(
      `the transport ${transport} is not supported: run on the host itself`,
    );
  }
  if (host !== '') {
    throw new LibvirtUriError(`another host (${host}) is not supported: run on the host itself`);
  }
  const isSession = driver === 'qemu' && path === '/session';
  if (driver === 'qemu' && !isSession && path !== '/system') {
    throw new LibvirtUriError(`${text} names no daemon: ${WANTED}`);
  }
  if (driver === 'test' && path.length < 2) {
    throw new LibvirtUriError(`${text} names no node: ${WANTED}`);
  }
  const socket = socketOf(query);
  return {
    driverUri: `${driver}://${path}`,
    sockets: socket !== undefined ? [socket] : usualSockets(driver, isSession, access),
    isReadOnly: access.isReadOnly,
  };
}

function socketOf(query: string | undefined): string | undefined {
  if (query === undefined || query === '') return undefined;
  const parameters = new URLSearchParams(query);
  for (const key of parameters.keys()) {
    if (key !== 'socket') throw new LibvirtUriError(`the parameter ${key} is not supported`);
  }
  const socket = parameters.get('socket') ?? '';
  if (!socket.startsWith('/')) throw new LibvirtUriError('socket= needs an absolute path');
  return socket;
}

function usualSockets(driver: string, isSession: boolean, access: LibvirtAccess): string[] {
  // The test driver is libvirtd's alone; a session has no sockets for reading only.
  const daemons = driver === 'test' ? ['libvirt'] : ['libvirt', 'virtqemud'];
  const suffixes = access.isReadOnly && !isSession ? ['-sock-ro', '-sock'] : ['-sock'];
  const directory = isSession ? sessionDirectory(access.runtimeDirectory) : SYSTEM_DIRECTORY;
  return suffixes.flatMap((suffix) => daemons.map((daemon) => `${directory}/${daemon}${suffix}`));
}

function sessionDirectory(runtimeDirectory: string | undefined): string {
  if (runtimeDirectory === undefined || runtimeDirectory === '') {
    throw new LibvirtUriError('qemu:///session needs XDG_RUNTIME_DIR, or ?socket=');
  }
  return `${runtimeDirectory}/libvirt`;
}
