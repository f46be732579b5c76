import { chmodSync, rmSync } from 'node:fs';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { decode } from '../../../src/platform/cri/decode.ts';
import { encode } from '../../../src/platform/cri/encode.ts';
import type { Read, Written } from '../../../src/platform/cri/message.ts';
import { ASKED_METHODS, type AskedName, type Method } from '../../../src/platform/cri/methods.ts';

type Asked = typeof ASKED_METHODS;

/** Answers a method, with bytes where it lies even about those; throws `{ code, details }`. */
export type Handlers = {
  [Name in AskedName]?: (
    request: Read<Asked[Name]['request']>,
  ) => Written<Asked[Name]['response']> | Buffer | Promise<Written<Asked[Name]['response']>>;
};

/** A double of a container runtime: a CRI server that says what a test wants it to. */
export interface CriDouble {
  readonly path: string;
  /** May be changed at any time; what is not here is UNIMPLEMENTED. */
  readonly handlers: Handlers;
  /** How often each method was called. */
  readonly calls: Map<AskedName, number>;
  /** While true nothing is answered. */
  isHung: boolean;
  stop(): void;
}

const pass = (bytes: Buffer) => bytes;

/** Listens on a unix socket. */
export async function startCriDouble(path: string, handlers: Handlers): Promise<CriDouble> {
  const server = new Server({ 'grpc.max_send_message_length': -1 });
  const calls = new Map<AskedName, number>();
  const double: CriDouble = { path, handlers, calls, isHung: false, stop };
  for (const name of Object.keys(ASKED_METHODS) as AskedName[]) {
    const { path: method, request, response }: Method = ASKED_METHODS[name];
    const codec = { requestSerialize: pass, requestDeserialize: pass };
    const definition = {
      ...{ path: method, requestStream: false, responseStream: false, ...codec },
      ...{ responseSerialize: pass, responseDeserialize: pass },
    };
    server.addService(
      { [name]: definition },
      {
        async [name](
          { request: bytes }: { request: Buffer },
          answer: (error: object | null, reply?: Buffer) => void,
        ) {
          calls.set(name, (calls.get(name) ?? 0) + 1);
          if (double.isHung) return;
          const handler = double.handlers[name] as ((asked: unknown) => unknown) | undefined;
          if (handler === undefined) return answer({ code: status.UNIMPLEMENTED, details: name });
          try {
            const told = await handler(decode(request, bytes));
            answer(null, Buffer.isBuffer(told) ? told : encode(response, told as never));
          } catch (error) {
            answer(error as object);
          }
        },
      },
    );
  }
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  chmodSync(path, 0o600);
  return double;

  function stop(): void {
    server.forceShutdown();
    rmSync(path, { force: true });
  }
}
