import { statSync } from 'node:fs';
import type { Client, ServiceError } from '@grpc/grpc-js';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import type { Read, Written } from './message.ts';
import { ASKED_METHODS, type AskedName, type Method } from './methods.ts';

/** The request of a method. */
type Request<Name extends AskedName> = Written<(typeof ASKED_METHODS)[Name]['request']>;
/** The answer to a method. */
type Answer<Name extends AskedName> = Read<(typeof ASKED_METHODS)[Name]['response']>;

/**
 * Why a call of the CRI failed: no socket, no right to it, nobody behind it, no answer in time, an answer
 * beyond the bound, a method or an id that the runtime does not know, or what the runtime says.
 */
export type CriFailure =
  | 'absent'
  | 'denied'
  | 'unavailable'
  | 'late'
  | 'too_large'
  | 'unimplemented'
  | 'not_found'
  | 'refused';

/** A call of the CRI failed; `code` is the system's where the socket may not be used. */
export class CriError extends Error {
  readonly failure: CriFailure;
  readonly code: string;

  constructor(failure: CriFailure, message: string) {
    super(message);
    this.name = 'CriError';
    this.failure = failure;
    this.code = failure === 'denied' ? 'EACCES' : `CRI_${failure.toUpperCase()}`;
  }

  /** True when no other call would fare better: it is the socket that fails. */
  get isWhole(): boolean {
    return ['absent', 'denied', 'unavailable', 'late'].includes(this.failure);
  }
}

/** A client of a container runtime. */
export interface CriClient {
  readonly path: string;
  /** Rejects with CriError; `deadline` is in ms of performance.now(). */
  call<Name extends AskedName>(
    name: Name,
    request: Request<Name>,
    deadline: number,
  ): Promise<Answer<Name>>;
  /** Ends the calls that are under way. */
  close(): void;
}

/** What a kubelet takes. */
const MAX_MESSAGE_BYTES = 16 * 2 ** 20;
const MAX_RECONNECT_MILLIS = 1000;
/** A text of the runtime may hold anything. */
const MAX_DETAILS = 300;

const FAILURES: Readonly<Record<number, CriFailure>> = {
  4: 'late',
  5: 'not_found',
  8: 'too_large',
  12: 'unimplemented',
  14: 'unavailable',
};

/**
 * Makes a client of the unix socket at `path`. grpc-js is loaded with the first call; the connection is
 * made when it is needed and again after it broke.
 */
export function createCriClient(path: string): CriClient {
  let opening: Promise<Client> | undefined;
  let isClosed = false;
  return { path, call, close };

  async function call<Name extends AskedName>(
    name: Name,
    request: Request<Name>,
    deadline: number,
  ): Promise<Answer<Name>> {
    // Looked at before each call: grpc-js would go on with its own view of a socket that went.
    check(path);
    opening ??= open();
    const client = await opening;
    if (isClosed) throw new CriError('unavailable', 'the client is closed');
    const method: Method = ASKED_METHODS[name];
    const bytes = await send(client, method, encode(method.request, request as never), deadline);
    try {
      return decode(method.response, bytes) as Answer<Name>;
    } catch (error) {
      throw new CriError('refused', `${name}: ${(error as Error).message}`);
    }
  }

  async function open(): Promise<Client> {
    const grpc = await import('@grpc/grpc-js');
    return new grpc.Client(`unix:${path}`, grpc.credentials.createInsecure(), {
      'grpc.default_authority': 'localhost',
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_MILLIS,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
      'grpc.enable_channelz': 0,
    });
  }

  function send(client: Client, method: Method, request: Buffer, end: number): Promise<Buffer> {
    const pass = (bytes: Buffer) => bytes;
    const deadline = Date.now() + Math.max(0, end - performance.now());
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest<Buffer, Buffer>(
        method.path,
        pass,
        pass,
        request,
        { deadline },
        (error, reply) => {
          if (error !== null) reject(failureOf(error, method.path, path));
          else resolve(reply ?? Buffer.alloc(0));
        },
      );
    });
  }

  function close(): void {
    isClosed = true;
    opening?.then((client) => client.close()).catch(() => {});
  }
}

function failureOf(error: ServiceError, method: string, path: string): CriError {
  const failure = FAILURES[error.code] ?? 'refused';
  const name = method.slice(method.lastIndexOf('/') + 1);
  if (failure === 'late') return new CriError('late', `no answer to ${name} in time on ${path}`);
  if (failure === 'unavailable' && /\b(EACCES|EPERM)\b/.test(error.details)) return denied(path);
  if (failure === 'unavailable') return new CriError('unavailable', `nobody answers on ${path}`);
  const details = error.details.slice(0, MAX_DETAILS).toWellFormed();
  return new CriError(failure, `${name} on ${path}: ${details}`);
}

function check(path: string): void {
  try {
    if (statSync(path).isSocket()) return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new CriError('absent', `${path} is not there`);
    }
    throw denied(path);
  }
  throw new CriError('unavailable', `${path} is no socket`);
}

function denied(path: string): CriError {
  return new CriError('denied', `${path} may not be used: it is root's as a rule`);
}
