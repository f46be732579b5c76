import type { ComponentHealth, Exporter, Host } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import type { Batch } from '../../pdata/batch.ts';
import { findStorage } from '../find-storage.ts';
import { createLogOnce } from '../log-once.ts';
import { type Backlog, QueueError } from './backlog.ts';
import { checkQueue } from './batch-config.ts';
import { createBufferPool } from './buffer-pool.ts';
import { createDelivery } from './delivery.ts';
import { createGatherer, createSingles } from './gather.ts';
import { createMemoryBacklog } from './memory-backlog.ts';
import { mergeRequests, type RequestFormat } from './merge.ts';
import { checkRetry, type QueueConfig, type RetryConfig } from './options.ts';
import { createSendingQueue, type SendingQueue } from './queue.ts';
import type { Connection, ExportRequest } from './request.ts';
import { createStoredBacklog } from './stored-backlog.ts';

/** What a pushing exporter is made of. */
export interface PushExporter {
  /**
   * Encodes a batch into requests of at most `maxBytes`, in buffers of `allocate` where it likes; a
   * point that is larger has its own.
   */
  encode(batch: Batch, allocate: (size: number) => Buffer, maxBytes: number): ExportRequest[];
  readonly maxRequestBytes: number;
  /** Of requests that are stored or put together; protobuf unless told. */
  readonly format?: RequestFormat;
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
  const key = `exporters::${id.text}`;
  const { format = 'proto', maxRequestBytes, retry, timeoutMillis } = exporter;
  const { logger } = telemetry;
  const said = createLogOnce(logger);
  const failed = telemetry.counter('otelcol_exporter_send_failed_metric_points', labels);
  const refused = telemetry.counter('otelcol_exporter_enqueue_failed_metric_points', labels);
  checkRetry(retry, `${key}::retry_on_failure`);
  const config = exporter.queue.enabled ? exporter.queue : withoutQueue(exporter.queue);
  const batching = checkQueue(config, maxRequestBytes, `${key}::sending_queue`);
  const maxPoints = batching?.sizer === 'items' && batching.max_size ? batching.max_size : Infinity;
  const maxBytes =
    batching?.sizer === 'bytes' && batching.max_size
      ? Math.min(batching.max_size, maxRequestBytes)
      : maxRequestBytes;
  const { storage = '' } = config;
  const pool = createBufferPool();
  const delivery = createDelivery(
    { telemetry, id },
    { connection: () => connection, timeoutMillis, retry, pool, isKept: storage !== '' },
  );
  let connection: Connection | undefined;
  let queue: SendingQueue | undefined;
  return { asks: false, countsSent: true, start, consume, shutdown, health };

  async function start(host: Host): Promise<void> {
    const backlog = await openBacklog(host);
    try {
      connection = await exporter.open(host);
    } catch (error) {
      await backlog.close();
      throw error;
    }
    queue = createSendingQueue(config, {
      backlog,
      gatherer: batching
        ? createGatherer(backlog, batching, maxRequestBytes)
        : createSingles(backlog),
      consume: (requests) => delivery.deliver(mergeRequests(requests, format, pool)),
      ...(config.enabled && { resized: followSize() }),
    });
  }

  async function openBacklog(host: Host): Promise<Backlog> {
    if (storage === '') return createMemoryBacklog(config.sizer);
    const extension = findStorage(host, storage, `${key}::sending_queue::storage`);
    const lost = (points: number) => failed.add(points);
    const log = await extension.openLog({ name: `exporter_${id.text}`, format, lost });
    if (!retry.enabled || retry.max_elapsed_time > 0) {
      logger.warn('What is stored is dropped once its retries end: set max_elapsed_time to 0s', {
        ...{ ...labels, key: `${key}::retry_on_failure` },
      });
    }
    return createStoredBacklog(log, { sizer: config.sizer, pool, logger, labels });
  }

  function followSize(): (size: number) => void {
    telemetry.gauge('otelcol_exporter_queue_capacity', labels).set(config.queue_size);
    const gauge = telemetry.gauge('otelcol_exporter_queue_size', labels);
    return (size) => gauge.set(size);
  }

  /** A Collector that is down is no reason to restart the agent. */
  function health(): ComponentHealth {
    const { lastError: detail } = delivery;
    return detail === undefined ? { status: 'ok' } : { status: 'recoverable_error', detail };
  }

  async function consume(batch: Batch): Promise<void> {
    const requests = encode(batch).filter(isSendable);
    if (requests.length === 0) return;
    try {
      if (queue === undefined) throw new QueueError('the exporter is not started');
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

  function encode(batch: Batch): ExportRequest[] {
    const { points } = batch;
    if (points.length <= maxPoints) return exporter.encode(batch, pool.take, maxBytes);
    const parts = Array.from({ length: Math.ceil(points.length / maxPoints) }, (_, i) =>
      points.slice(i * maxPoints, (i + 1) * maxPoints),
    );
    return parts.flatMap((part) =>
      exporter.encode({ ...batch, points: part }, pool.take, maxBytes),
    );
  }

  /** The other side would refuse it each time. */
  function isSendable({ bytes, points }: ExportRequest): boolean {
    if (bytes.length <= maxRequestBytes) return true;
    failed.add(points);
    said.trouble('large', 'Data is dropped: a data point is larger than max_request_bytes', {
      ...labels,
      bytes: bytes.length,
      max_request_bytes: maxRequestBytes,
    });
    return false;
  }

  /** What waits is tried once more, unless it is kept; what is not taken in time counts as failed. */
  async function shutdown(): Promise<void> {
    delivery.stopRetries();
    const bound = setTimeout(delivery.stopAll, DRAIN_MILLIS);
    await queue?.close();
    clearTimeout(bound);
    const open = connection;
    connection = undefined;
    await open?.close();
  }
}

/** Each batch is sent at once, and the sender waits for it. */
function withoutQueue({ storage, batch, ...queue }: QueueConfig): QueueConfig {
  return { ...queue, queue_size: Number.POSITIVE_INFINITY, wait_for_result: true };
}
