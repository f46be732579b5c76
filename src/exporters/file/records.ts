import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { jsonRequests } from '../../pdata/otlp/json.ts';
import { type EncodedRequest, encodeRequests } from '../../pdata/otlp/request.ts';
import type { Point } from '../../pdata/point.ts';
import type { Config } from './config.ts';

/** A point that is larger has a record of its own. */
const MAX_RECORD_BYTES = 1_000_000;
const compress = promisify(zstdCompress);

/** Records with their length before them are not readable as lines. */
export function isFramed({ format, compression }: Pick<Config, 'format' | 'compression'>): boolean {
  return format === 'proto' || compression !== '';
}

/** Encodes points as the Collector's exporter does: a line of JSON, or four bytes of length before. */
export async function encodeRecords(
  points: readonly Point[],
  config: Config,
): Promise<EncodedRequest[]> {
  const encode = config.format === 'json' ? jsonRequests : encodeRequests;
  const requests = encode(points, MAX_RECORD_BYTES);
  const records: EncodedRequest[] = [];
  for (const { bytes, points: count } of requests) {
    const packed = config.compression === '' ? bytes : await compress(bytes);
    records.push({ bytes: isFramed(config) ? framed(packed) : lineOf(packed), points: count });
  }
  return records;
}

function lineOf(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.from('\n')]);
}

function framed(bytes: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}
