import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { decode } from '../../../src/platform/cri/decode.ts';
import { encode } from '../../../src/platform/cri/encode.ts';
import type { Read, Written } from '../../../src/platform/cri/message.ts';
import { METHODS, type Method, type MethodName } from '../../../src/platform/cri/methods.ts';

/** A client of the CRI as agents are. */
export interface CriClient {
  /** Rejects with a ServiceError of gRPC. */
  call<Name extends MethodName>(
    name: Name,
    request?: Written<(typeof METHODS)[Name]['request']>,
    timeoutMillis?: number,
  ): Promise<Read<(typeof METHODS)[Name]['response']>>;
  /** Calls any method with any bytes. */
  raw(path: string, request?: Buffer): Promise<Buffer>;
  close(): void;
}

/** Connects to a unix socket, when it is first used. */
export function connectClient(path: string): CriClient {
  const client = new Client(`unix:${path}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': 64 * 2 ** 20,
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
  });
  return { call, raw, close: () => client.close() };

  async function call<Name extends MethodName>(
    name: Name,
    request?: Written<(typeof METHODS)[Name]['request']>,
    timeoutMillis = 10_000,
  ) {
    const method: Method = METHODS[name];
    const reply = await raw(
      method.path,
      encode(method.request, (request ?? {}) as never),
      timeoutMillis,
    );
    return decode(method.response, reply) as Read<(typeof METHODS)[Name]['response']>;
  }

  function raw(
    method: string,
    request: Buffer = Buffer.alloc(0),
    timeoutMillis = 10_000,
  ): Promise<Buffer> {
    const pass = (bytes: Buffer) => bytes;
    const deadline = Date.now() + timeoutMillis;
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest<Buffer, Buffer>(
        method,
        pass,
        pass,
        request,
        { deadline },
        (error: ServiceError | null, reply) =>
          error === null ? resolve(reply as Buffer) : reject(error),
      );
    });
  }
}
