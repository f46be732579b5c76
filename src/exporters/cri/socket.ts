import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { ConfigError } from '../../errors.ts';

const OTHERS = 0o177;
const MODE = 0o600;
const ANSWER_MILLIS = 1_000;

/** What a unix socket is made with. */
export interface SocketSettings {
  readonly path: string;
  /** The config key, for errors. */
  readonly key: string;
  readonly maxConnections: number;
  connected(socket: Socket): void;
}

/**
 * Listens on a unix socket that is its owner's alone from its first moment on. A socket on which
 * nobody answers is taken away first. Throws ConfigError where it cannot be had.
 */
export async function listenOnSocket(settings: SocketSettings): Promise<Server> {
  const { path, key, maxConnections, connected } = settings;
  await removeStale(path, key);
  const server = createServer(connected);
  server.maxConnections = maxConnections;
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', resolve);
  });
  // The socket is made before `listen` returns, so that the mask is nobody else's.
  const mask = process.umask(OTHERS);
  try {
    server.listen(path);
  } finally {
    process.umask(mask);
  }
  try {
    await listening;
    chmodSync(path, MODE);
  } catch (error) {
    server.close();
    throw listenError(error as NodeJS.ErrnoException, path, key);
  }
  return server;
}

async function removeStale(path: string, key: string): Promise<void> {
  const found = look(path, key);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new ConfigError(key, `${path} is there and is no socket; remove it or choose another`);
  }
  const code = await ask(path);
  if (code === 'ENOENT') return;
  if (code !== 'ECONNREFUSED') {
    const reason =
      code === undefined ? 'another program answers on it' : `it cannot be tried (${code})`;
    throw new ConfigError(key, `cannot listen on ${path}: ${reason}; choose another or stop it`);
  }
  unlinkStale(path, key);
}

function look(path: string, key: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, path, key);
  }
}

function unlinkStale(path: string, key: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') {
      throw new ConfigError(key, `${path} is left over and cannot be removed (${code})`);
    }
  }
}

/** How a connection fails; undefined when it does not, or takes too long: somebody holds it. */
function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (code?: string) => {
      socket.destroy();
      resolve(code);
    };
    socket.setTimeout(ANSWER_MILLIS, () => settle());
    socket.once('connect', () => settle());
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code));
  });
}

function listenError(error: NodeJS.ErrnoException, path: string, key: string): ConfigError {
  const folder = dirname(path);
  // Node tells EACCES for a directory that does not exist.
  const code = existsSync(folder) ? error.code : 'ENOENT';
  const advice: Record<string, string> = {
    ENOENT: `the directory ${folder} does not exist; make it`,
    ENOTDIR: `${folder} is no directory`,
    EACCES: `no right to make a socket in ${folder}`,
    EPERM: `no right to make a socket in ${folder}`,
    EROFS: `${folder} is read-only`,
    EADDRINUSE: 'another program listens there; choose another or stop it',
  };
  const reason = advice[code ?? ''] ?? error.message;
  return new ConfigError(key, `cannot listen on ${path}: ${reason}`, { cause: error });
}
