import type { ComponentHealth, Exporter } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import type { Batch } from '../../pdata/batch.ts';
import { createLogOnce } from '../log-once.ts';
import type { QueueConfig, RetryConfig } from './options.ts';
import { createSendingQueue, QueueError } from './queue.ts';
import type { Connection, ExportRequest } from './request.ts';
import { createRetry } from './retry.ts';

/** What a pushing exporter is made of. */
export interface PushExporter {
  /** Encodes a batch into requests, each small enough for the other side. */
  encode(batch: Batch): ExportRequest[];
  open(): Promise<Connection>;
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
  const queueSize = telemetry.gauge('otelcol_exporter_queue_size', labels);
  telemetry.gauge('otelcol_exporter_queue_capacity', labels).set(exporter.queue.queue_size);
  const stopRetries = new AbortController();
  const stopAll = new AbortController();
  const retry = createRetry(exporter.retry, stopRetries.signal);
  const queue = createSendingQueue(
    exporter.queue.enabled
      ? exporter.queue
      : { ...exporter.queue, queue_size: Number.POSITIVE_INFINITY, wait_for_result: true },
    deliver,
  );
  let lastError: string | undefined;
  let connection: Connection | undefined;
  return { asks: false, countsSent: true, start, consume, shutdown, health };

  async function start(): Promise<void> {
    connection = await exporter.open();
  }

  /** A Collector that is down is no reason to restart the agent. */
  function health(): ComponentHealth {
    return lastError === undefined
      ? { status: 'ok' }
      : { status: 'recoverable_error', detail: lastError };
  }

  async function consume(batch: Batch): Promise<void> {
    const requests = exporter.encode(batch);
    if (requests.length === 0) return;
    try {
      await queue.add(requests);
    } catch (error) {
      // What was sent and failed is counted there.
      if (!(error instanceof QueueError)) throw error;
      refused.add(batch.points.length);
      said.trouble('full', 'Data is dropped: the sending queue has no room', {
        ...labels,
        error: error.message,
      });
      throw error;
    } finally {
      queueSize.set(queue.size);
    }
    said.recovered('full', 'The sending queue has room again', labels);
  }

  async function deliver(request: ExportRequest): Promise<void> {
    try {
      const partial = await retry(() => attempt(request), retried);
      const rejected = Math.min(partial?.rejected ?? 0, request.points);
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
    } finally {
      queueSize.set(queue.size);
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
