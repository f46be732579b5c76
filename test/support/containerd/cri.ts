import { join } from 'node:path';
import { type Client, credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** A client of the Kubernetes CRI (cri.proto beside this file). */
export interface Cri {
  call(method: string, request: object): Promise<Record<string, string>>;
  close(): void;
}

/** Connects to a unix socket. */
export function connectCri(socket: string): Cri {
  const definition = loadSync(join(import.meta.dirname, 'cri.proto'), { keepCase: true });
  const { runtime } = loadPackageDefinition(definition) as unknown as {
    runtime: { v1: { RuntimeService: new (...args: unknown[]) => Client } };
  };
  const client = new runtime.v1.RuntimeService(`unix:${socket}`, credentials.createInsecure(), {
    'grpc.default_authority': 'localhost',
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 200,
  });
  return {
    call(method, request) {
      const send = (client as unknown as Record<string, CallMethod>)[method];
      const deadline = Date.now() + 60_000;
      return new Promise((resolve, reject) => {
        send?.call(client, request, { deadline }, (error, reply) =>
          error === null ? resolve(reply) : reject(error),
        );
      });
    },
    close: () => client.close(),
  };
}

type CallMethod = (
  request: object,
  options: object,
  done: (error: Error | null, reply: Record<string, string>) => void,
) => void;
