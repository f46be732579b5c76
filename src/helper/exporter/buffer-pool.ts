/** Buffers of requests that were taken, for the next ones. */
export interface BufferPool {
  /** A buffer of exactly this size, holding anything. */
  take(size: number): Buffer;
  /** Gives back what `take` gave and nobody reads any more. */
  give(bytes: Buffer): void;
}

/** Smaller ones cost V8 little. */
const MIN_BYTES = 256 * 1024;
/** Sizes are multiples of this, so that a batch that is a little larger fits too. */
const STEP_BYTES = 64 * 1024;
/** As many as a batch of a large node has requests. */
const MAX_KEPT = 3;

/**
 * Makes an empty pool. Fresh buffers of megabytes make V8 collect its whole heap at each push: that
 * is three quarters of the CPU of pushing 40,000 points.
 */
export function createBufferPool(): BufferPool {
  const kept: ArrayBufferLike[] = [];
  return { take, give };

  function take(size: number): Buffer {
    if (size < MIN_BYTES) return Buffer.allocUnsafe(size);
    const at = kept.findIndex(({ byteLength }) => byteLength >= size);
    const memory =
      at < 0
        ? Buffer.allocUnsafeSlow(Math.ceil(size / STEP_BYTES) * STEP_BYTES).buffer
        : (kept.splice(at, 1)[0] as ArrayBufferLike);
    return Buffer.from(memory, 0, size);
  }

  function give({ buffer }: Buffer): void {
    if (buffer.byteLength < MIN_BYTES || kept.includes(buffer)) return;
    kept.push(buffer);
    kept.sort((a, b) => a.byteLength - b.byteLength);
    if (kept.length > MAX_KEPT) kept.shift();
  }
}
