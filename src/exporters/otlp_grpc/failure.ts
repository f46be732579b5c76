import type { ServiceError } from '@grpc/grpc-js';
import { SendError } from '../../helper/exporter/request.ts';
import { decodeRetryDelay } from '../../pdata/otlp/response.ts';

const STATUS_DETAILS = 'grpc-status-details-bin';
/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS (OTLP, failures). */
const RETRYABLE = [1, 4, 10, 11, 14, 15];
const RESOURCE_EXHAUSTED = 8;
/** The longest google.protobuf.Duration, in ms; a negative one is read as more. */
const LONGEST_MILLIS = 315_576_000_000_000;

/** What to make of a call that failed. */
export function failureOf(error: ServiceError): SendError {
  const [details] = error.metadata?.get(STATUS_DETAILS) ?? [];
  const throttle = Buffer.isBuffer(details) ? retryDelay(details) : undefined;
  const isRetryable =
    RETRYABLE.includes(error.code) || (error.code === RESOURCE_EXHAUSTED && throttle !== undefined);
  return new SendError(`rpc error: ${error.message}`, isRetryable, throttle ?? 0);
}

function retryDelay(details: Buffer): number | undefined {
  try {
    const delay = decodeRetryDelay(details);
    return delay !== undefined && delay > LONGEST_MILLIS ? 0 : delay;
  } catch {
    return undefined;
  }
}
