import type { ComponentHealth, Exporter, Host } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import type { Batch } from '../../pdata/batch.ts';
import { createLogOnce } from '../log-once.ts';
import { createBufferPool } from './buffer-pool.ts';
import { checkRetry, type QueueConfig, type RetryConfig } from './options.ts';
import { createSendingQueue, QueueError } from './queue.ts';
import type { Connection, ExportRequest, PartialSuccess } from './request.ts';
import { createRetry } from './retry.ts';

/** What a pushing exporter is made of. */
export interface PushExporter {
  /**
   * Encodes a batch into requests below `maxRequestBytes`, in buffers of `allocate` where it likes; a
   * point that is larger has its own.
   */
  encode(batch: Batch, allocate: (size: number) => Buffer): ExportRequest[];
  readonly maxRequestBytes: number;
  /** Throws a ConfigError where the host lacks what the options name. */
  open(host: Host): Promise<Connection>;
  /** How long one attempt may take, in ms; 0 is without end. */
  readonly timeoutMillis: number;
  readonly queue: QueueConfig;
  readonly retry: RetryConfig;
}

/** How long a stop waits for what is queued, each request being tried once more. */
const DRAIN_MILLIS = 5_000;

/** Queue, retry and accounts of an exporter that pushes: the Collector's exporterhelper. */
export function createPushExporter({ telemetry, id }: Settings, exporter: PushExporter): Exporter {
  const labels = { exporter: id.text };
  const said = createLogOnce(telemetry.logger);
  const sent = telemetry.counter('otelcol_exporter_sent_metric_points', labels);
  const failed = telemetry.counter('otelcol_exporter_send_failed_metric_points', labels);
  const refused = telemetry.counter('otelcol_exporter_enqueue_failed_metric_points', labels);
  checkRetry(exporter.retry, `exporters::${id.text}::retry_on_failure`);
  const stopRetries = new AbortController();
  const stopAll = new AbortController();
  const retry = createRetry(exporter.retry, stopRetries.signal);
  const pool = createBufferPool();
  const queue = exporter.queue.enabled
    ? createSendingQueue(exporter.queue, deliver, followSize())
    : createSendingQueue(
        { ...exporter.queue, queue_size: Number.POSITIVE_INFINITY, wait_for_result: true },
        deliver,
      );
  let lastError: string | undefined;
  let connection: Connection | undefined;
  return { asks: false, countsSent: true, start, consume, shutdown, health };

  async function start(host: Host): Promise<void> {
    connection = await exporter.open(host);
  }

  function followSize(): (size: number) => void {
    telemetry.gauge('otelcol_exporter_queue_capacity', labels).set(exporter.queue.queue_size);
    const gauge = telemetry.gauge('otelcol_exporter_queue_size', labels);
    return (size) => gauge.set(size);
  }

  /** A Collector that is down is no reason to restart the agent. */
  function health(): ComponentHealth {
    return lastError === undefined
      ? { status: 'ok' }
      : { status: 'recoverable_error', detail: lastError };
  }

  async function consume(batch: Batch): Promise<void> {
    const requests = exporter.encode(batch, pool.take).filter(isSendable);
    if (requests.length === 0) return;
    try {
      await queue.add(requests);
    } catch (error) {
      // What was sent and failed is counted there.
      if (!(error instanceof QueueError)) throw error;
      refused.add(requests.reduce((sum, { points }) => sum + points, 0));
      said.trouble('full', 'Data is dropped: the sending queue has no room', {
        ...labels,
        error: error.message,
      });
      throw error;
    }
    said.recovered('full', 'The sending queue has room again', labels);
  }

  /** The other side would refuse it each time. */
  function isSendable({ bytes, points }: ExportRequest): boolean {
    if (bytes.length <= exporter.maxRequestBytes) return true;
    failed.add(points);
    said.trouble('large', 'Data is dropped: a data point is larger than max_request_bytes', {
      ...labels,
      bytes: bytes.length,
      max_request_bytes: exporter.maxRequestBytes,
    });
    return false;
  }

  async function deliver(request: ExportRequest): Promise<void> {
    let attempts = 0;
    try {
      const partial = await retry(() => {
        attempts++;
        return attempt(request);
      }, retried);
      // An attempt that was given up may still hold the bytes.
      if (attempts === 1) pool.give(request.bytes);
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
    } catch (error) {
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

  async function attempt(request: ExportRequest) {
    const { timeoutMillis } = exporter;
    const signals = [stopAll.signal];
    if (timeoutMillis > 0) signals.push(AbortSignal.timeout(timeoutMillis));
    if (connection === undefined) throw new Error('the exporter is not started');
    return connection.send(request, AbortSignal.any(signals));
  }

  function retried(error: Error, delay: number): void {
    lastError = error.message;
    said.trouble('failing', 'Exporting failed. Will retry the request after interval.', {
      ...labels,
      error: error.message,
      interval: `${(delay / 1000).toFixed(1)}s`,
    });
  }

  /** What waits is tried once more; what is not taken within the bound is counted as failed. */
  async function shutdown(): Promise<void> {
    stopRetries.abort();
    const bound = setTimeout(() => stopAll.abort(), DRAIN_MILLIS);
    await queue.close();
    clearTimeout(bound);
    const open = connection;
    connection = undefined;
    await open?.close();
  }
}

/** What the other side tells may be nonsense; it has rejected no more than it got. */
function rejectedOf(partial: PartialSuccess | undefined, { points }: ExportRequest): number {
  const rejected = partial?.rejected ?? 0;
  return rejected > 0 && rejected < 2 ** 63 ? Math.min(Math.floor(rejected), points) : 0;
}
