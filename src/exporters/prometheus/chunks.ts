const CHUNK_BYTES = 256 * 1024;

/**
 * Chunks that are used again from one rendering to the next. Fresh ones are memory outside of the
 * heap, and 20 MB of it per scrape makes V8 collect the whole heap several times.
 */
export interface ChunkPool {
  /** A chunk of 256 KiB, or more where so much is asked for. */
  take(bytes: number): Buffer;
  /** Takes back chunks that nobody reads any more. */
  give(chunks: readonly Buffer[]): void;
}

/** Makes an empty pool. */
export function createChunkPool(): ChunkPool {
  let free: ArrayBufferLike[] = [];
  return {
    take(bytes) {
      if (bytes > CHUNK_BYTES) return Buffer.allocUnsafeSlow(bytes);
      const chunk = free.pop();
      return chunk === undefined ? Buffer.allocUnsafeSlow(CHUNK_BYTES) : Buffer.from(chunk);
    },
    give(chunks) {
      // What this rendering did not need, the next will not either.
      free = chunks.map(({ buffer }) => buffer).filter((each) => each.byteLength === CHUNK_BYTES);
    },
  };
}
