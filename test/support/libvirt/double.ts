import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readExchange } from './recorded.ts';

/** A call as it came in. */
export interface DoubleCall {
  readonly procedure: number;
  readonly serial: number;
  readonly args: Buffer;
  /** Sends a reply to it; `change` may spoil its words: 0 length, 1 program, ... 6 status. */
  reply(body: Buffer, change?: Readonly<Record<number, number>>): void;
  /** Sends any bytes. */
  send(bytes: Buffer): void;
  /** Ends the connection. */
  hangUp(): void;
}

/** A double of a daemon: it answers as the recorded one did, unless `answers` has the procedure. */
export interface LibvirtDouble {
  readonly socket: string;
  readonly answers: Map<number, (call: DoubleCall) => void>;
  /** Procedures that were asked, in order. */
  readonly asked: number[];
  /** Messages of the keepalive program that came, by procedure. */
  readonly keepalive: number[];
  /** Sends bytes on each connection. */
  broadcast(bytes: Buffer): void;
  /** Ends connections and listens no more; what it listened on goes away. */
  close(): Promise<void>;
}

const REMOTE = 0x20008086;
const KEEPALIVE = 0x6b656570;

/** A message with its header: program, version, procedure, type, serial, status. */
export function messageOf(header: readonly number[], body: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(28), body]);
  [bytes.length, ...header].forEach((word, i) => {
    bytes.writeUInt32BE(word, i * 4);
  });
  return bytes;
}

/** Big-endian words of 32 bits. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    bytes.writeInt32BE(value | 0, i * 4);
  });
  return bytes;
}

/** Starts it on a socket of its own. */
export async function startDouble(): Promise<LibvirtDouble> {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-libvirt-'));
  const recorded = new Map<number, Buffer>();
  for (const { isReply, procedure, body } of readExchange('exchange.txt')) {
    if (isReply && !recorded.has(procedure)) recorded.set(procedure, body);
  }
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let held = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      held = Buffer.concat([held, data]);
      while (held.length >= 4 && held.length >= held.readUInt32BE(0)) {
        const length = held.readUInt32BE(0);
        receive(socket, held.subarray(0, length));
        held = held.subarray(length);
      }
    });
  });
  const double: LibvirtDouble = {
    ...{ socket: join(folder, 'sock'), answers: new Map(), asked: [], keepalive: [] },
    broadcast(bytes) {
      for (const socket of sockets) socket.write(bytes);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await new Promise<void>((resolve) => server.listen(double.socket, resolve));
  return double;

  function receive(socket: Socket, bytes: Buffer): void {
    const procedure = bytes.readInt32BE(12);
    if (bytes.readUInt32BE(4) === KEEPALIVE) {
      double.keepalive.push(procedure);
      return;
    }
    const serial = bytes.readUInt32BE(20);
    double.asked.push(procedure);
    const call: DoubleCall = {
      ...{ procedure, serial, args: bytes.subarray(28) },
      reply(body, change = {}) {
        const message = messageOf([REMOTE, 1, procedure, 1, serial, 0], body);
        for (const [word, value] of Object.entries(change)) {
          message.writeUInt32BE(value, Number(word) * 4);
        }
        socket.write(message);
      },
      send: (data) => socket.write(data),
      hangUp: () => socket.destroy(),
    };
    const answer = double.answers.get(procedure);
    if (answer !== undefined) answer(call);
    else call.reply(recorded.get(procedure) ?? Buffer.alloc(0));
  }
}
