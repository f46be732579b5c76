const QUOTE = 34;
const BACKSLASH = 92;

/** Finds where a JSON object ends in a stream that has no framing. */
export interface JsonEnd {
  /** Takes the next bytes; the number of them that belong to the value once it is complete. */
  take(bytes: Uint8Array): number | undefined;
}

/** Starts before the first byte of an object. Throws when the stream holds anything else. */
export function createJsonEnd(): JsonEnd {
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  return { take };

  function take(bytes: Uint8Array): number | undefined {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (isEscaped) isEscaped = false;
      else if (isText) {
        if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isText = false;
      } else if (byte === QUOTE) isText = true;
      else if (byte === 123 || byte === 91) depth++;
      else if (byte === 125 || byte === 93) depth--;
      if (depth <= 0 && !isSpace(byte)) {
        if (depth < 0 || byte !== 125) throw new Error('the reply is not JSON');
        return at + 1;
      }
    }
    return undefined;
  }
}

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
