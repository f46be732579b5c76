import type { IncomingHttpHeaders } from 'node:http';

const MAX_RESPONSE_BYTES = 64 * 1024;

/** Reads a body to its end, or to 64 KiB. */
export async function readBody(body: AsyncIterable<Buffer> & { destroy(): void }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MAX_RESPONSE_BYTES) {
      body.destroy();
      break;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The pause that a Retry-After of 429 and 503 asks for, by seconds or a date; in ms. */
export function throttleOf(status: number, headers: IncomingHttpHeaders): number {
  const text = headers['retry-after']?.trim() ?? '';
  if (text === '' || (status !== 429 && status !== 503)) return 0;
  const millis = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(millis) ? Math.max(0, millis) : 0;
}
