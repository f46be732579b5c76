import type { BufferPool } from './buffer-pool.ts';
import type { ExportRequest } from './request.ts';

/** What requests are written in: protobuf, or OTLP/JSON as `jsonRequests` writes it. */
export type RequestFormat = 'proto' | 'json';

const JSON_HEAD = Buffer.from('{"resourceMetrics":[');
const JSON_TAIL = Buffer.from(']}');
const COMMA = Buffer.from(',');

/**
 * Makes one request of several. Fields of a protobuf message that stand one behind another are those
 * of one message; of JSON the lists are joined. The buffers go back to the pool.
 */
export function mergeRequests(
  requests: readonly ExportRequest[],
  format: RequestFormat,
  pool: BufferPool,
): ExportRequest {
  const [first] = requests;
  if (first !== undefined && requests.length === 1) return first;
  const parts = requests.map(({ bytes }) => bytes);
  const all = format === 'json' ? jsonParts(parts) : parts;
  const merged = pool.take(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) at += part.copy(merged, at);
  for (const part of parts) pool.give(part);
  return { bytes: merged, points: requests.reduce((sum, { points }) => sum + points, 0) };
}

function jsonParts(parts: readonly Buffer[]): Buffer[] {
  const lists = parts.flatMap((part) => [
    COMMA,
    part.subarray(JSON_HEAD.length, part.length - JSON_TAIL.length),
  ]);
  return [JSON_HEAD, ...lists.slice(1), JSON_TAIL];
}
