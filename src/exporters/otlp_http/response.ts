import type { IncomingHttpHeaders } from 'node:http';
import type { PartialSuccess } from '../../helper/exporter/request.ts';
import { decodeResponse } from '../../pdata/otlp/response.ts';

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

/** What an answer of 2xx says of the points; what is no OTLP says nothing, as they were taken. */
export function parsePartial(body: Buffer, isJson: boolean): PartialSuccess | undefined {
  try {
    return isJson ? parseJson(body.toString()) : decodeResponse(body);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): PartialSuccess | undefined {
  const { partialSuccess } = JSON.parse(text || '{}');
  if (partialSuccess === undefined) return undefined;
  const { rejectedDataPoints, errorMessage } = partialSuccess;
  return { rejected: Number(rejectedDataPoints ?? 0), message: String(errorMessage ?? '') };
}

/** The pause that a Retry-After of 429 and 503 asks for, by seconds or a date; in ms. */
export function throttleOf(status: number, headers: IncomingHttpHeaders): number {
  const text = headers['retry-after']?.trim() ?? '';
  if (text === '' || (status !== 429 && status !== 503)) return 0;
  const millis = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(millis) ? Math.max(0, millis) : 0;
}
