import type { ComponentHealth, Exporter } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { Config } from './config.ts';
import { createOutput } from './output.ts';
import { claimPath } from './paths.ts';
import { encodeRecords } from './records.ts';
import { createBoundedTurns } from './turns.ts';

/** How long a pipeline waits for a file system that does not answer. */
const WAIT_MILLIS = 5_000;
/** What may be over by the next batch is no reason not to start. */
const PASSING = ['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ESTALE', 'ETIMEDOUT'];

/** A batch that is to be written. */
interface Job {
  readonly batch: Batch;
  /** Points of it that are not in the file. */
  left: number;
  isGivenUp: boolean;
}

/** Makes the exporter. Throws ConfigError. */
export function createFileExporter({ id, telemetry, now }: Settings, config: Config): Exporter {
  const labels = { exporter: id.text };
  const key = `exporters::${id.text}`;
  const { path, flush_interval: flushInterval } = config;
  if (path === '') throw new ConfigError(`${key}::path`, 'is required');
  const said = createLogOnce(telemetry.logger);
  const sent = telemetry.counter('otelcol_exporter_sent_metric_points', labels);
  const failed = telemetry.counter('otelcol_exporter_send_failed_metric_points', labels);
  const output = createOutput(config, {
    ...{ logger: telemetry.logger, now },
    stored: (points) => sent.add(points),
    lost(points, error) {
      failed.add(points);
      trouble(error);
    },
  });
  const turns = createBoundedTurns(WAIT_MILLIS, `the file system of ${path} does not answer`);
  let lastError: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let release: (() => void) | undefined;
  return { asks: false, countsSent: true, start, consume, shutdown, health };

  async function start(): Promise<void> {
    release = claimPath(path, `${key}::path`);
    try {
      await output.start();
    } catch (error) {
      if (!PASSING.includes((error as NodeJS.ErrnoException).code ?? '')) {
        release();
        throw new ConfigError(`${key}::path`, startText(error as Error), { cause: error });
      }
      trouble(error as Error);
    }
    if (flushInterval > 0) timer = setInterval(tick, flushInterval);
  }

  function startText(error: Error): string {
    const advice: Record<string, string> = {
      ENOENT: 'there is no such directory; make it, or set create_directory: true',
      EACCES: 'no right to write there; choose another path, or give the agent the right',
      EISDIR: 'is a directory; name a file in it',
    };
    return `${path}: ${advice[(error as NodeJS.ErrnoException).code ?? ''] ?? error.message}`;
  }

  function trouble(error: Error): void {
    lastError = error.message;
    said.trouble('', 'The file cannot be written. Dropping data.', {
      ...labels,
      path,
      error: lastError,
    });
  }

  function health(): ComponentHealth {
    return lastError === undefined
      ? { status: 'ok' }
      : { status: 'recoverable_error', detail: lastError };
  }

  async function consume(batch: Batch): Promise<void> {
    const job: Job = { batch, left: batch.points.length, isGivenUp: false };
    try {
      await turns.take(() => perform(job));
    } catch (error) {
      job.isGivenUp = true;
      failed.add(job.left);
      trouble(error as Error);
      throw error;
    }
    lastError = undefined;
    said.recovered('', 'The file can be written again', { ...labels, path });
  }

  async function perform(job: Job): Promise<void> {
    if (job.isGivenUp) return;
    try {
      await writeAll(job);
    } finally {
      if (flushInterval === 0) await flush();
    }
  }

  async function writeAll(job: Job): Promise<void> {
    for (const { bytes, points } of await encodeRecords(job.batch.points, config)) {
      await output.write(bytes);
      // What was said to be lost is not said to be written.
      if (job.isGivenUp) return;
      output.count(points);
      job.left -= points;
    }
  }

  async function flush(): Promise<void> {
    const error = await output.flush();
    if (error !== undefined) throw error;
  }

  function tick(): void {
    if (!turns.isStuck) turns.take(flush).catch(trouble);
  }

  async function shutdown(): Promise<void> {
    clearInterval(timer);
    try {
      await turns.take(output.close);
    } finally {
      release?.();
      release = undefined;
    }
  }
}
