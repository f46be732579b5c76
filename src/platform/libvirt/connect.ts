import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { openSocketAddress } from '../file/socket-address.ts';
import { type Connection, createConnection } from './connection.ts';
import { LibvirtTimeout, LibvirtUnreachable, type UnreachableReason } from './errors.ts';

const LATE = 'LATE';
const REASONS: Readonly<Record<string, UnreachableReason>> = {
  ENOENT: 'absent',
  ENOTDIR: 'absent',
  ECONNREFUSED: 'absent',
  EACCES: 'denied',
  EPERM: 'denied',
};

/**
 * Connects to the first socket on which a daemon listens. Rejects with a LibvirtUnreachable of the
 * most telling reason (failed, denied, absent), or a LibvirtTimeout.
 */
export async function connectFirst(
  socketPaths: readonly string[],
  deadline: number,
): Promise<Connection> {
  const errors: LibvirtUnreachable[] = [];
  for (const path of socketPaths) {
    try {
      return createConnection(await connectSocket(path, deadline), path);
    } catch (error) {
      if (!(error instanceof LibvirtUnreachable)) throw error;
      errors.push(error);
    }
  }
  const by = (reason: UnreachableReason) => errors.find((error) => error.reason === reason);
  throw (
    by('failed') ??
    by('denied') ??
    new LibvirtUnreachable('absent', socketPaths.join(', '), 'no daemon listens')
  );
}

async function connectSocket(path: string, deadline: number): Promise<Socket> {
  try {
    const address = openSocketAddress(path);
    return await opened(connect({ path: address.path }), deadline).finally(address.close);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === LATE) throw new LibvirtTimeout(`${path}: no connection in time`);
    throw new LibvirtUnreachable(REASONS[code] ?? 'failed', path, message, error);
  }
}

async function opened(socket: Socket, deadline: number): Promise<Socket> {
  const late = Object.assign(new Error(), { code: LATE });
  const timer = setTimeout(() => socket.destroy(late), Math.max(0, deadline - performance.now()));
  try {
    await once(socket, 'connect');
    return socket;
  } finally {
    clearTimeout(timer);
  }
}
