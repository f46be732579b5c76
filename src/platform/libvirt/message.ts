import { LibvirtProtocolError } from './errors.ts';

/** The header that follows a message's length: virNetMessageHeader of virnetprotocol.x. */
export interface Header {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly type: number;
  readonly serial: number;
  readonly status: number;
}

/** A whole message; the body is XDR. */
export interface Message extends Header {
  readonly body: Buffer;
}

/** virNetMessageType. */
export const TYPE = { call: 0, reply: 1, event: 2 } as const;
/** virNetMessageStatus. */
export const STATUS = { ok: 0, error: 1 } as const;

const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + 24;
/** VIR_NET_MESSAGE_MAX of current versions, and the length in front. */
const MAX_BYTES = 32 * 1024 * 1024 + LENGTH_BYTES;

/** The bytes of a message; `parts` of the body are joined. */
export function encodeMessage(header: Header, parts: readonly Buffer[]): Buffer {
  const start = Buffer.allocUnsafe(HEADER_BYTES);
  const bytes = Buffer.concat([start, ...parts]);
  if (bytes.length > MAX_BYTES) throw new LibvirtProtocolError('the call is too large');
  const { program, version, procedure, type, serial, status } = header;
  [bytes.length, program, version, procedure, type, serial, status].forEach((value, i) => {
    bytes.writeUInt32BE(value, i * 4);
  });
  return bytes;
}

/** Cuts a stream into messages. */
export interface MessageStream {
  /** The messages that `chunk` completes. Throws a LibvirtProtocolError on an impossible length. */
  take(chunk: Buffer): Message[];
}

/** Starts at the start of a message. What is incomplete is kept in pieces and joined once. */
export function createMessageStream(): MessageStream {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let wanted = LENGTH_BYTES;
  return { take };

  function take(chunk: Buffer): Message[] {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < wanted) return [];
    const bytes = held.length === 1 ? chunk : Buffer.concat(held);
    const messages: Message[] = [];
    let at = 0;
    wanted = LENGTH_BYTES;
    while (bytes.length - at >= LENGTH_BYTES) {
      wanted = lengthAt(bytes, at);
      if (bytes.length - at < wanted) break;
      messages.push(parseMessage(bytes.subarray(at, at + wanted)));
      at += wanted;
      wanted = LENGTH_BYTES;
    }
    heldBytes = bytes.length - at;
    held = heldBytes === 0 ? [] : [bytes.subarray(at)];
    return messages;
  }
}

function lengthAt(bytes: Buffer, offset: number): number {
  const length = bytes.readUInt32BE(offset);
  if (length < HEADER_BYTES || length > MAX_BYTES) {
    throw new LibvirtProtocolError(`a message of ${length} bytes`);
  }
  return length;
}

function parseMessage(bytes: Buffer): Message {
  return {
    program: bytes.readUInt32BE(4),
    version: bytes.readUInt32BE(8),
    procedure: bytes.readInt32BE(12),
    type: bytes.readInt32BE(16),
    serial: bytes.readUInt32BE(20),
    status: bytes.readInt32BE(24),
    body: bytes.subarray(HEADER_BYTES),
  };
}
