import type { Socket } from 'node:net';
import {
  LibvirtBusy,
  LibvirtError,
  LibvirtProtocolError,
  LibvirtTimeout,
  LibvirtUnreachable,
} from './errors.ts';
import { createKeepalive, KEEPALIVE_PROGRAM, type KeepaliveOptions } from './keepalive.ts';
import { createMessageStream, encodeMessage, type Message, STATUS, TYPE } from './message.ts';
import { REMOTE_PROGRAM, VERSION } from './procedures.ts';
import {
  createXdrReader,
  expectEnd,
  readInt,
  readOptional,
  readString,
  type XdrReader,
} from './xdr.ts';

/** A kept connection to one daemon, on which calls run side by side. */
export interface Connection {
  readonly socketPath: string;
  /** False once it failed: its end, silence or an answer that is none. It then stays so. */
  readonly isOpen: boolean;
  /** Calls that were given up and that the daemon has not answered yet. */
  readonly stuck: number;
  /** Answers that came after their call was given up, so far. */
  readonly lateReplies: number;
  /**
   * Calls a procedure; `read` reads all of its result and `deadline` is in ms of performance.now().
   * Rejects with a LibvirtError when the daemon says no, a LibvirtTimeout, a LibvirtBusy when too many
   * calls are unanswered, and with what ended the connection.
   */
  call<T>(
    procedure: number,
    args: readonly Buffer[],
    read: (result: XdrReader) => T,
    deadline: number,
  ): Promise<T>;
  /** Where messages go that answer no call. */
  onEvent(listener: (procedure: number, body: XdrReader) => void): void;
  /** Asks for a sign of life where the daemon is silent. */
  startKeepalive(options: KeepaliveOptions): void;
  close(): void;
}

/**
 * The daemon takes 5 calls of a client at a time (max_client_requests of libvirtd.conf) and then
 * stops to read, so that even a sign of life could not be asked for.
 */
const MAX_IN_FLIGHT = 4;
const MAX_SERIAL = 2 ** 32 - 1;
/** What it says stands in the log. */
const MAX_REASON = 512;

interface Waiting {
  readonly procedure: number;
  readonly late: NodeJS.Timeout;
  take(result: XdrReader): void;
  reject(error: Error): void;
}

/** Speaks over a connected socket, which is closed with the connection. */
export function createConnection(socket: Socket, socketPath: string): Connection {
  const stream = createMessageStream();
  const waiting = new Map<number, Waiting>();
  const givenUp = new Map<number, number>();
  const keepalive = createKeepalive({
    send: (procedure) => send(KEEPALIVE_PROGRAM, procedure, TYPE.event, 0, []),
    die: (message) => fail(new LibvirtUnreachable('failed', socketPath, message)),
  });
  let serial = 0;
  let lateReplies = 0;
  let failure: Error | undefined;
  let listener: (procedure: number, body: XdrReader) => void = () => {};
  socket.on('data', take);
  socket.on('error', (error) => ended(error.message, error));
  socket.on('close', () => ended('the daemon closed the connection'));
  return {
    socketPath,
    get isOpen() {
      return failure === undefined;
    },
    get stuck() {
      return givenUp.size;
    },
    get lateReplies() {
      return lateReplies;
    },
    call,
    onEvent(each) {
      listener = each;
    },
    startKeepalive: keepalive.start,
    close: () => ended('the connection is closed'),
  };

  function call<T>(
    procedure: number,
    args: readonly Buffer[],
    read: (result: XdrReader) => T,
    deadline: number,
  ): Promise<T> {
    if (failure !== undefined) return Promise.reject(failure);
    if (waiting.size + givenUp.size >= MAX_IN_FLIGHT) {
      const text = `${waiting.size + givenUp.size} calls are unanswered`;
      return Promise.reject(new LibvirtBusy(`${socketPath}: ${text}`));
    }
    serial = serial === MAX_SERIAL ? 1 : serial + 1;
    const mine = serial;
    return new Promise((resolve, reject) => {
      send(REMOTE_PROGRAM, procedure, TYPE.call, mine, args);
      const late = setTimeout(() => giveUp(mine), Math.max(0, deadline - performance.now()));
      const take = (result: XdrReader) => {
        const value = read(result);
        expectEnd(result);
        resolve(value);
      };
      waiting.set(mine, { procedure, late, take, reject });
    });
  }

  function send(
    program: number,
    procedure: number,
    type: number,
    mine: number,
    args: readonly Buffer[],
  ): void {
    const header = { program, version: VERSION, procedure, type, serial: mine, status: STATUS.ok };
    socket.write(encodeMessage(header, args));
  }

  function giveUp(late: number): void {
    const call = waiting.get(late);
    if (call === undefined) return;
    waiting.delete(late);
    givenUp.set(late, call.procedure);
    call.reject(new LibvirtTimeout(`${socketPath}: no answer in time`));
  }

  function take(chunk: Buffer): void {
    if (failure !== undefined) return;
    keepalive.heard();
    try {
      for (const message of stream.take(chunk)) receive(message);
    } catch (error) {
      const text = `${socketPath}: this is not libvirt's protocol: ${(error as Error).message}`;
      fail(new LibvirtProtocolError(text, { cause: error }));
    }
  }

  function receive(message: Message): void {
    const { program, version, type, procedure } = message;
    if (version !== VERSION) throw new LibvirtProtocolError(`version ${version}`);
    if (program === KEEPALIVE_PROGRAM) {
      keepalive.take(procedure);
      return;
    }
    if (program !== REMOTE_PROGRAM) throw new LibvirtProtocolError(`program ${program}`);
    if (type === TYPE.event) listener(procedure, createXdrReader(message.body));
    else if (type === TYPE.reply) answer(message);
    else throw new LibvirtProtocolError(`a message of type ${type}`);
  }

  function answer({ serial: to, procedure, status, body }: Message): void {
    const call = waiting.get(to);
    const expected = call?.procedure ?? givenUp.get(to);
    if (expected === undefined) throw new LibvirtProtocolError(`a reply to no call (${to})`);
    if (expected !== procedure) {
      throw new LibvirtProtocolError(`a reply of procedure ${procedure} to ${expected}`);
    }
    if (status !== STATUS.ok && status !== STATUS.error) {
      throw new LibvirtProtocolError(`a reply of status ${status}`);
    }
    if (call === undefined) {
      givenUp.delete(to);
      lateReplies++;
      return;
    }
    const result = createXdrReader(body);
    // Still among those that wait, so that what cannot be read ends it with the connection.
    if (status === STATUS.error) call.reject(readError(result));
    else call.take(result);
    waiting.delete(to);
    clearTimeout(call.late);
  }

  function ended(message: string, cause?: Error): void {
    fail(new LibvirtUnreachable('failed', socketPath, message, cause));
  }

  function fail(error: Error): void {
    if (failure !== undefined) return;
    failure = error;
    keepalive.stop();
    socket.destroy();
    for (const { late, reject } of waiting.values()) {
      clearTimeout(late);
      reject(error);
    }
    waiting.clear();
    givenUp.clear();
  }
}

/** virNetMessageError; what follows the message is not needed. */
function readError(reader: XdrReader): LibvirtError {
  const number = readInt(reader);
  const domain = readInt(reader);
  const message = readOptional(reader, readString) ?? `error ${number}`;
  return new LibvirtError(number, domain, message.slice(0, MAX_REASON));
}
