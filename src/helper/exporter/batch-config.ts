import { ConfigError } from '../../errors.ts';
import type { QueueConfig } from './options.ts';

/** How requests are put together. */
export interface BatchConfig {
  readonly flush_timeout: number;
  readonly min_size: number;
  readonly max_size: number;
  readonly sizer: 'items' | 'bytes';
}

/** The batch options with their sizer; throws a ConfigError where queue or batch cannot work. */
export function checkQueue(
  queue: QueueConfig,
  maxBytes: number,
  path: string,
): BatchConfig | undefined {
  if (queue.storage && queue.wait_for_result) {
    throw new ConfigError(`${path}::wait_for_result`, 'is not supported together with storage');
  }
  if (queue.batch === undefined) return undefined;
  const inherited = queue.sizer === 'bytes' ? 'bytes' : 'items';
  const batch = { ...queue.batch, sizer: queue.batch.sizer || inherited } as const;
  const { flush_timeout, min_size, max_size, sizer } = batch;
  const fault = (key: string, message: string) =>
    new ConfigError(`${path}::batch::${key}`, message);
  if (flush_timeout <= 0) throw fault('flush_timeout', 'must be more than 0s');
  if (max_size > 0 && max_size < min_size)
    throw fault('max_size', 'must not be less than min_size');
  if (sizer === queue.sizer && min_size > queue.queue_size) {
    throw fault('min_size', 'must not be more than queue_size');
  }
  if (sizer === 'bytes' && min_size > maxBytes) {
    throw fault('min_size', `must not be more than max_request_bytes, which is ${maxBytes}`);
  }
  return batch;
}
