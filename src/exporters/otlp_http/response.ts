import type { PartialSuccess } from '../../helper/exporter/request.ts';
import { decodeResponse } from '../../pdata/otlp/response.ts';

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
