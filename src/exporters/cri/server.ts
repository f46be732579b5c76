import type { Socket } from 'node:net';
import type { ChannelOptions, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Logger } from '../../component/telemetry.ts';
import { createPacer } from '../../helper/pacer.ts';
import { decode } from '../../platform/cri/decode.ts';
import { encode } from '../../platform/cri/encode.ts';
import { METHODS, type Method, type MethodName } from '../../platform/cri/methods.ts';
import type { Handler, Handlers } from './handlers.ts';
import { CODES, RpcError } from './rpc-error.ts';
import { listenOnSocket } from './socket.ts';

/** A CRI server that listens. */
export interface CriServer {
  /** Stops to listen, removes the socket and gives requests 2 s to end. */
  close(): Promise<void>;
}

/** What a server is made with. */
export interface ServerSettings {
  readonly path: string;
  /** The config key of the endpoint, for errors. */
  readonly key: string;
  readonly maxConnections: number;
  readonly maxConcurrentRequests: number;
  readonly maxMessageBytes: number;
  readonly handlers: Handlers;
  readonly logger: Logger;
}

type Call = ServerUnaryCall<Buffer, Buffer>;

/** Filters and their labels have room in it. */
const MAX_REQUEST_BYTES = 64 * 1024;
const IDLE_MILLIS = 10 * 60_000;
const CLOSE_MILLIS = 2_000;
const DEFAULT_TIMEOUT_MILLIS = 5_000;

/**
 * Serves the handlers; every other method of the CRI is answered UNIMPLEMENTED. grpc-js is loaded here
 * and not before. Throws ConfigError where the socket cannot be had.
 */
export async function startCriServer(settings: ServerSettings): Promise<CriServer> {
  const { Server, ServerCredentials } = await import('@grpc/grpc-js');
  const options: ChannelOptions = {
    'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': settings.maxConcurrentRequests,
    'grpc.max_connection_idle_ms': IDLE_MILLIS,
    'grpc.enable_channelz': 0,
  };
  const server = new Server(options);
  for (const name of Object.keys(METHODS) as MethodName[]) {
    const handle = (call: Call, callback: sendUnaryData<Buffer>) =>
      void answer(name, call, callback);
    const raw = (bytes: Buffer) => bytes;
    const codec = { requestDeserialize: raw, responseSerialize: raw };
    server.addService(
      {
        [name]: {
          ...{ path: METHODS[name].path, requestStream: false, responseStream: false },
          ...{ ...codec, requestSerialize: raw, responseDeserialize: raw },
        },
      },
      { [name]: handle },
    );
  }
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const listener = await listenOnSocket({
    ...settings,
    connected(socket) {
      // A client that goes away in the middle is nothing to fail of.
      socket.on('error', () => {});
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      injector.injectConnection(socket);
    },
  });
  return { close };

  async function answer(name: MethodName, call: Call, callback: sendUnaryData<Buffer>) {
    try {
      callback(null, await respond(name, call));
    } catch (error) {
      callback(statusOf(error, name));
    }
  }

  async function respond(name: MethodName, call: Call): Promise<Buffer> {
    const { request, response }: Method = METHODS[name];
    const handler = settings.handlers[name] as Handler;
    const asked = read(() => decode(request, call.request));
    const parts = await handler(asked as never, deadlineOf(call));
    const pause = createPacer();
    const chunks: Buffer[] = [];
    let size = 0;
    for (const part of parts) {
      const bytes = encode(response, part);
      size += bytes.length;
      if (size > settings.maxMessageBytes) throw tooLarge(settings.maxMessageBytes);
      chunks.push(bytes);
      if (pause.isDue()) await pause.now();
    }
    return Buffer.concat(chunks, size);
  }

  function statusOf(error: unknown, method: string): { code: number; details: string } {
    if (error instanceof RpcError) return { code: error.code, details: error.message };
    const { message } = error as Error;
    settings.logger.error('A request of the CRI failed', { method, error: message });
    return { code: CODES.internal, details: message };
  }

  /** A call that does not end is cut off; the socket's file goes with the listener. */
  async function close(): Promise<void> {
    const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
    const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    const force = setTimeout(() => {
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
    }, CLOSE_MILLIS);
    await Promise.all([drained, closed]);
    clearTimeout(force);
    injector.destroy();
  }
}

function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new RpcError(CODES.invalidArgument, (error as Error).message);
  }
}

function tooLarge(limit: number): RpcError {
  const message = `the answer has more than max_message_size (${limit} bytes): ask for fewer by a filter, or have fewer metrics in this exporter's pipeline`;
  return new RpcError(CODES.resourceExhausted, message);
}

/** The client's deadline less a tenth, so that the answer is there before it hangs up. */
function deadlineOf(call: Call): number {
  const deadline = call.getDeadline();
  const left = Number(deadline) - Date.now();
  const isSet = Number.isFinite(left) && left > 0;
  return performance.now() + (isSet ? Math.min(left * 0.9, 60_000) : DEFAULT_TIMEOUT_MILLIS);
}
