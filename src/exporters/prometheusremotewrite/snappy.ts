import { snappyCompressor } from 'hysnappy';
import { createWire, varintSize, writeVarint } from '../../pdata/otlp/wire.ts';

/** The format's own blocks end at multiples of 64 KiB; the memory of the compressor grows with this. */
const PIECE_BYTES = 4 * 64 * 1024;

let compress: ((bytes: Uint8Array) => Uint8Array) | undefined;

/** Compresses into Snappy's block format; at gigabytes per second, so that it need not be apart. */
export function compressSnappy(bytes: Buffer): Buffer {
  compress ??= snappyCompressor();
  const length = createWire(varintSize(bytes.length));
  writeVarint(length, bytes.length);
  const parts: Uint8Array[] = [length.bytes];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    // Nothing refers to what is before the piece, so without its length it may stand anywhere.
    parts.push(compress(piece).subarray(varintSize(piece.length)));
  }
  return Buffer.concat(parts);
}
