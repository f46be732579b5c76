import { connect, type Socket } from 'node:net';
import * as z from 'zod/mini';
import type { SocketAddress } from '../file/socket-address.ts';
import { createJsonEnd } from './json-end.ts';

/** A kept connection to the control socket of one sandbox (urpc: bare JSON values, no framing). */
export interface ControlConnection {
  /** False once it failed: its end, a timeout or an answer that is none. It then stays so. */
  readonly isOpen: boolean;
  /**
   * Calls a method; calls wait for each other, for the sandbox answers one at a time. Rejects with
   * a ControlError when the sandbox says no, with an Error when it does not answer before `deadline`
   * (ms of performance.now()) or answers what is no reply.
   */
  call(method: string, arg: unknown, deadline: number): Promise<unknown>;
  close(): void;
}

/** The sandbox answered that it cannot. */
export class ControlError extends Error {}

const MAX_REPLY_BYTES = 4 * 1024 * 1024;
/** What it says stands in the log. */
const MAX_REASON = 256;
const REPLY = z.object({ success: z.boolean(), err: z.string(), result: z.unknown() });

interface Waiting {
  readonly chunks: Buffer[];
  length: number;
  readonly end: ReturnType<typeof createJsonEnd>;
  resolve(reply: unknown): void;
  reject(error: Error): void;
}

/** Connects; an error is the first call's. Closes the address with the connection. */
export function connectControl(address: SocketAddress): ControlConnection {
  const socket: Socket = connect({ path: address.path });
  let turn: Promise<unknown> = Promise.resolve();
  let waiting: Waiting | undefined;
  let failure: Error | undefined;
  socket.on('data', take);
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the sandbox closed the connection')));
  return {
    get isOpen() {
      return failure === undefined;
    },
    call(method, arg, deadline) {
      const mine = turn.then(() => exchange(method, arg, deadline));
      turn = mine.catch(() => {});
      return mine;
    },
    close: () => fail(new Error('the connection is closed')),
  };

  async function exchange(method: string, arg: unknown, deadline: number): Promise<unknown> {
    if (failure !== undefined) throw failure;
    const late = setTimeout(
      () => fail(new Error('no answer in time')),
      Math.max(0, deadline - performance.now()),
    );
    try {
      const answer = await new Promise<unknown>((resolve, reject) => {
        waiting = { chunks: [], length: 0, end: createJsonEnd(), resolve, reject };
        socket.write(JSON.stringify({ method, arg }));
      });
      const reply = REPLY.safeParse(answer);
      if (!reply.success) throw fail(new Error('the answer is no reply'));
      if (!reply.data.success) throw new ControlError(reply.data.err.slice(0, MAX_REASON));
      return reply.data.result;
    } finally {
      clearTimeout(late);
    }
  }

  function take(chunk: Buffer): void {
    if (waiting === undefined) {
      fail(new Error('the sandbox spoke unasked'));
      return;
    }
    try {
      waiting.chunks.push(chunk);
      waiting.length += chunk.length;
      if (waiting.length > MAX_REPLY_BYTES) {
        throw new Error(`the reply is larger than ${MAX_REPLY_BYTES} bytes`);
      }
      const length = waiting.end.take(chunk);
      if (length === undefined) return;
      if (length < chunk.length) throw new Error('the reply goes on after its end');
      const { chunks, resolve } = waiting;
      const reply: unknown = parse(Buffer.concat(chunks).toString());
      waiting = undefined;
      resolve(reply);
    } catch (error) {
      fail(error as Error);
    }
  }

  function fail(error: Error): Error {
    if (failure !== undefined) return failure;
    failure = error;
    socket.destroy();
    address.close();
    waiting?.reject(error);
    waiting = undefined;
    return error;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the reply is not JSON');
  }
}
