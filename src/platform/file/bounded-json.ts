import { readBounded } from './bounded.ts';

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_DEPTH = 64;
const QUOTE = 34;
const BACKSLASH = 92;

/**
 * Reads a JSON file that others may have prepared: at most 8 MiB, 64 levels deep, no link, no FIFO.
 * Undefined when there is no such file; throws an Error whose message says what is wrong with it.
 */
export function readBoundedJson(path: string): unknown {
  const bytes = readBounded(path, MAX_BYTES);
  if (bytes === undefined) return undefined;
  if (depthOf(bytes) > MAX_DEPTH)
    throw new Error(`it is nested more than ${MAX_DEPTH} levels deep`);
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    // V8's message quotes the text, which may be a tenant's.
    throw new Error('it is not JSON', { cause: error });
  }
}

/** Counts brackets outside of strings, so that nothing is built from what is too deep. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (isText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === 123 || byte === 91) deepest = Math.max(deepest, ++depth);
    else if (byte === 125 || byte === 93) depth--;
  }
  return deepest;
}
