import type { Consumer, Processor } from '../../component/component.ts';
import type { ProcessorFactory, Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import type { Point } from '../../pdata/point.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';

/** Makes batch processors. */
export const batch: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createBatchProcessor,
};

function createBatchProcessor(
  { telemetry, id }: Settings,
  config: Config,
  next: Consumer,
): Processor {
  const { timeout, send_batch_size: size, send_batch_max_size: maxSize } = config;
  if (maxSize > 0 && maxSize < size) {
    throw new ConfigError(
      `processors::${id.text}::send_batch_max_size`,
      'must be greater or equal to send_batch_size',
    );
  }
  let held: Point[] = [];
  let timer: NodeJS.Timeout | undefined;
  return {
    async start() {},
    async consume(given) {
      if (given.onDemand) return next.consume(given);
      held = held.concat(given.points);
      if (timeout === 0 || held.length >= size) return flush();
      timer ??= setTimeout(flush, timeout);
    },
    flush,
    shutdown: flush,
  };

  /** Hands on all at once and in order: none waits until an earlier one was sent. */
  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const points = held;
    held = [];
    const step = maxSize || points.length;
    const sent: Promise<void>[] = [];
    for (let at = 0; at < points.length; at += step) sent.push(send(points.slice(at, at + step)));
    await Promise.all(sent);
  }

  async function send(points: readonly Point[]): Promise<void> {
    try {
      await next.consume({ source: id.text, onDemand: false, points });
    } catch (error) {
      said(error);
    }
  }

  function said(error: unknown): void {
    telemetry.logger.error('Batch was refused', { processor: id.text, error: String(error) });
  }
}
