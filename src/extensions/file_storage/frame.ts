import { crc32 } from 'node:zlib';
import type { LogRecord } from '../../component/storage.ts';

/** Bytes at the start of each record, by which it is found again behind damage. */
export const MARKER_BYTES = 8;
/** Bytes before a payload. */
export const HEADER_BYTES = 25;
/** Where in a record the byte is that tells whether it is still wanted. */
export const STATE_AT = 24;
/** What that byte is once the record is not wanted; no single flipped bit makes it so. */
export const REMOVED = 0x5a;
const WANTED = 0xa5;
const LENGTH_AT = 8;
const POINTS_AT = 12;
const PAYLOAD_CHECK_AT = 16;
const HEADER_CHECK_AT = 20;

/** What stands before a payload. */
export interface Header {
  /** Of the payload, in bytes. */
  readonly length: number;
  readonly points: number;
  readonly checksum: number;
  readonly isRemoved: boolean;
}

/**
 * The header of a record: the marker of its file, then length, points, checksum of the payload and
 * checksum of all before, each of 32 bits with the highest byte first, and the state.
 */
export function encodeHeader(marker: Buffer, { bytes, points }: LogRecord): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  marker.copy(header);
  header.writeUInt32BE(bytes.length, LENGTH_AT);
  header.writeUInt32BE(points, POINTS_AT);
  header.writeUInt32BE(crc32(bytes), PAYLOAD_CHECK_AT);
  header.writeUInt32BE(crc32(header.subarray(0, HEADER_CHECK_AT)), HEADER_CHECK_AT);
  header[STATE_AT] = WANTED;
  return header;
}

/** Undefined for bytes that are no header of this file, or too few. */
export function parseHeader(bytes: Buffer, marker: Buffer): Header | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MARKER_BYTES).equals(marker))
    return undefined;
  const check = bytes.readUInt32BE(HEADER_CHECK_AT);
  if (crc32(bytes.subarray(0, HEADER_CHECK_AT)) !== check) return undefined;
  return {
    length: bytes.readUInt32BE(LENGTH_AT),
    points: bytes.readUInt32BE(POINTS_AT),
    checksum: bytes.readUInt32BE(PAYLOAD_CHECK_AT),
    isRemoved: bytes[STATE_AT] === REMOVED,
  };
}

/** True where a payload is what was written. */
export function isIntact(payload: Buffer, { checksum }: Header): boolean {
  return crc32(payload) === checksum;
}
