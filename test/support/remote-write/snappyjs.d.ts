declare module 'snappyjs' {
  /** Undoes Snappy's block format. */
  export function uncompress(compressed: Uint8Array): Uint8Array;
}
