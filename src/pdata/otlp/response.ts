/** What the other side says of a request that it took: ExportMetricsPartialSuccess. */
export interface PartialSuccessMessage {
  readonly rejected: number;
  readonly message: string;
}

interface Field {
  readonly number: number;
  /** A varint, or the bytes of a length-delimited field. */
  readonly value: number | Buffer;
}

const MAX_BYTES = 64 * 1024;

/** Reads an ExportMetricsServiceResponse; undefined when it tells nothing. Throws on what is none. */
export function decodeResponse(bytes: Buffer): PartialSuccessMessage | undefined {
  const partial = messageIn(bytes, 1);
  if (partial === undefined) return undefined;
  const fields = fieldsOf(partial);
  const rejected = fields.find(({ number }) => number === 1)?.value;
  const message = fields.find(({ number }) => number === 2)?.value;
  return {
    rejected: typeof rejected === 'number' ? rejected : 0,
    message: Buffer.isBuffer(message) ? message.toString() : '',
  };
}

/**
 * Reads the pause that a google.rpc.Status asks for by a google.rpc.RetryInfo (error_details.proto), in
 * ms; undefined when it asks for none.
 */
export function decodeRetryDelay(status: Buffer): number | undefined {
  for (const { number, value } of fieldsOf(status)) {
    if (number !== 3 || !Buffer.isBuffer(value)) continue;
    const url = messageIn(value, 1)?.toString() ?? '';
    const content = messageIn(value, 2);
    if (!url.endsWith('google.rpc.RetryInfo') || content === undefined) continue;
    const delay = messageIn(content, 1);
    if (delay === undefined) return undefined;
    const [seconds, nanos] = [1, 2].map((wanted) => {
      const found = fieldsOf(delay).find((field) => field.number === wanted)?.value;
      return typeof found === 'number' ? found : 0;
    });
    return (seconds ?? 0) * 1000 + (nanos ?? 0) / 1e6;
  }
  return undefined;
}

function messageIn(bytes: Buffer, wanted: number): Buffer | undefined {
  const value = fieldsOf(bytes).find(({ number }) => number === wanted)?.value;
  return Buffer.isBuffer(value) ? value : undefined;
}

function fieldsOf(bytes: Buffer): Field[] {
  if (bytes.length > MAX_BYTES) throw new Error('the response is too large');
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 1:
        take(8);
        break;
      case 2:
        fields.push({ number, value: take(varint()) });
        break;
      case 5:
        take(4);
        break;
      default:
        throw new Error('the response is not protobuf');
    }
  }
  return fields;

  function varint(): number {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('the response ends too early');
      value += (byte & 127) * 2 ** (7 * shift);
      if (byte < 128) return value;
    }
    throw new Error('the response is not protobuf');
  }

  function take(length: number): Buffer {
    if (at + length > bytes.length) throw new Error('the response ends too early');
    at += length;
    return bytes.subarray(at - length, at);
  }
}
