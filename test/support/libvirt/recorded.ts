import { readFileSync } from 'node:fs';

const FIXTURES = 'test/fixtures/libvirt';
const HEADER_BYTES = 28;

/** What one side sent, as it was recorded. */
export interface RecordedMessage {
  readonly isReply: boolean;
  readonly bytes: Buffer;
  readonly procedure: number;
  readonly body: Buffer;
}

/** The messages of an exchange: `> ` was sent, `< ` received, in hexadecimal. */
export function readExchange(name: string): RecordedMessage[] {
  const lines = readFileSync(`${FIXTURES}/${name}`, 'utf8').split('\n');
  return lines
    .filter((line) => /^[<>] /.test(line))
    .map((line) => {
      const bytes = Buffer.from(line.slice(2).trim(), 'hex');
      const isReply = line.startsWith('<');
      return {
        isReply,
        bytes,
        procedure: bytes.readInt32BE(12),
        body: bytes.subarray(HEADER_BYTES),
      };
    });
}

/** The body of the reply to a procedure; of the first, where there are several. */
export function recordedReply(name: string, procedure: number): Buffer {
  const found = readExchange(name).find((each) => each.isReply && each.procedure === procedure);
  if (found === undefined) throw new Error(`${name} has no reply of procedure ${procedure}`);
  return found.body;
}

/** The recorded statistics of one domain, for `count` domains of other names and uuids. */
export function replicateStats(count: number): Buffer {
  const record = recordedReply('exchange.txt', 344).subarray(4);
  const nameBytes = 4 + Math.ceil(record.readUInt32BE(0) / 4) * 4;
  const parameters = record.subarray(nameBytes + 16 + 4);
  const parts: Buffer[] = [u32(count)];
  for (let i = 0; i < count; i++) {
    const name = Buffer.from(`vm-${String(i).padStart(5, '0')}`);
    const uuid = Buffer.alloc(16);
    uuid.writeUInt32BE(i);
    parts.push(u32(name.length), name, uuid, u32(i + 1), parameters);
  }
  return Buffer.concat(parts);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
