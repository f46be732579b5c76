import type { Settings } from '../../component/factory.ts';
import { createLogOnce } from '../log-once.ts';
import { KeptError } from './backlog.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { RetryConfig } from './options.ts';
import { type Connection, type ExportRequest, type PartialSuccess, SendError } from './request.ts';
import { createRetry } from './retry.ts';

/** What a delivery is made of. */
export interface DeliverySettings {
  /** The way to the other side; undefined where the exporter does not run. */
  connection(): Connection | undefined;
  /** How long one attempt may take, in ms; 0 is without end. */
  readonly timeoutMillis: number;
  readonly retry: RetryConfig;
  /** What cannot be sent before the end is kept for another time. */
  readonly isKept: boolean;
  /** Where the bytes of requests go back to. */
  readonly pool: BufferPool;
}

/** Sends requests, tries again, and accounts for what becomes of them. */
export interface Delivery {
  /** Rejects with a KeptError for what is kept, else with why it was dropped. */
  deliver(request: ExportRequest): Promise<void>;
  /** The trouble of the last attempt; undefined when the last request was taken. */
  readonly lastError: string | undefined;
  /** Tries nothing again. */
  stopRetries(): void;
  /** Ends what is under way. */
  stopAll(): void;
}

/** Makes the delivery of an exporter. */
export function createDelivery(
  { telemetry, id }: Pick<Settings, 'telemetry' | 'id'>,
  settings: DeliverySettings,
): Delivery {
  const labels = { exporter: id.text };
  const { pool, timeoutMillis, isKept } = settings;
  const said = createLogOnce(telemetry.logger);
  const sent = telemetry.counter('otelcol_exporter_sent_metric_points', labels);
  const failed = telemetry.counter('otelcol_exporter_send_failed_metric_points', labels);
  const retriesEnd = new AbortController();
  const end = new AbortController();
  const retry = createRetry(settings.retry, retriesEnd.signal);
  let lastError: string | undefined;
  return {
    deliver,
    stopRetries: () => retriesEnd.abort(),
    stopAll: () => end.abort(),
    get lastError() {
      return lastError;
    },
  };

  async function deliver(request: ExportRequest): Promise<void> {
    let attempts = 0;
    try {
      const partial = await retry(() => {
        attempts++;
        return attempt(request);
      }, retried);
      // An attempt that was given up may still hold the bytes.
      if (attempts === 1) pool.give(request.bytes);
      taken(request, partial);
    } catch (error) {
      const isRefused = error instanceof SendError && !error.isRetryable;
      if (isKept && retriesEnd.signal.aborted && !isRefused) throw new KeptError();
      failed.add(request.points);
      lastError = (error as Error).message;
      telemetry.logger.error('Exporting failed. Dropping data.', {
        ...labels,
        error: (error as Error).message,
        dropped_items: request.points,
      });
      throw error;
    }
  }

  async function attempt(request: ExportRequest): Promise<PartialSuccess | undefined> {
    const signals = [end.signal];
    if (timeoutMillis > 0) signals.push(AbortSignal.timeout(timeoutMillis));
    const connection = settings.connection();
    if (connection === undefined) throw new Error('the exporter is not started');
    return connection.send(request, AbortSignal.any(signals));
  }

  function taken(request: ExportRequest, partial: PartialSuccess | undefined): void {
    const rejected = rejectedOf(partial, request);
    sent.add(request.points - rejected);
    failed.add(rejected);
    lastError = undefined;
    said.recovered('failing', 'Data is taken again', labels);
    if (partial === undefined || (rejected === 0 && partial.message === '')) return;
    telemetry.logger.warn('Partial success response', {
      ...labels,
      message: partial.message,
      dropped_data_points: rejected,
    });
  }

  function retried(error: Error, delay: number): void {
    lastError = error.message;
    said.trouble('failing', 'Exporting failed. Will retry the request after interval.', {
      ...labels,
      error: error.message,
      interval: `${(delay / 1000).toFixed(1)}s`,
    });
  }
}

/** What the other side tells may be nonsense; it has rejected no more than it got. */
function rejectedOf(partial: PartialSuccess | undefined, { points }: ExportRequest): number {
  const rejected = partial?.rejected ?? 0;
  return rejected > 0 && rejected < 2 ** 63 ? Math.min(Math.floor(rejected), points) : 0;
}
