import type { Counter } from '../../component/telemetry.ts';
import { endpoint } from '../../confmap/formats.ts';
import { ConfigError } from '../../errors.ts';
import type { LogOnce } from '../../helper/log-once.ts';
import type { MetricsBuilder } from '../../helper/receiver/metrics-builder.ts';
import { createSource, type StateCounts } from '../../helper/source-state.ts';
import type { Head } from '../../platform/kata/head.ts';
import { getText, type Target } from '../../platform/kata/http.ts';
import { MONITOR_PATHS, parseSandboxes } from '../../platform/kata/monitor.ts';
import { createSeriesBook, type SeriesBook } from './book.ts';
import { type Emitter, isTold } from './conversions.ts';
import type { Describe } from './describe.ts';
import { createTextReader, type Reading } from './reader.ts';

/** Where kata-monitor listens; undefined for none. Throws a ConfigError. */
export function monitorTarget(text: string): Target | undefined {
  if (text === '') return undefined;
  const parsed = endpoint().safeParse(text);
  if (!parsed.success) {
    const message = `${JSON.stringify(text)} is not host:port, such as "127.0.0.1:8090"`;
    throw new ConfigError('monitor_endpoint', message);
  }
  return { host: parsed.data.host || 'localhost', port: parsed.data.port };
}

/** kata-monitor's own figures. */
export interface Monitor {
  /** Never rejects. */
  read(deadline: number, isCurrent: () => boolean): Promise<void>;
  close(): void;
}

/** What it is made with. */
export interface MonitorOptions {
  readonly target: Target;
  readonly receiver: string;
  readonly builder: MetricsBuilder;
  readonly describe: Describe;
  readonly emitter: Emitter;
  readonly said: LogOnce;
  readonly failures: Counter;
  readonly counts: StateCounts;
  /** Whether a sandbox may be read: kata-monitor reads all to tell its own figures. */
  isReadable(id: string): boolean;
  now(): number;
}

const OWN = /^kata_(?:ctl_)?monitor_/;
/** Of the Go program; the other one does not tell. */
const STARTED = 'kata_monitor_process_start_time_seconds';

/** Makes the source; its figures are of the node and bear no labels of a pod. */
export function createMonitor(options: MonitorOptions): Monitor {
  const { target, receiver, builder, said, failures, counts, now } = options;
  const source = createSource({
    ...{ said, failures, counts, key: 'kata-monitor', fields: { receiver } },
    messages: {
      failed: 'kata-monitor cannot be read; its own rows are absent',
      recovered: 'kata-monitor can be read again',
    },
  });
  const text = createTextReader();
  let types: Reading['types'] = new Map();
  const seen = now();
  let began: number | undefined;
  let book: SeriesBook | undefined;
  const describe = (head: Head) =>
    OWN.test(head.name) ? options.describe(head, options.emitter, types) : undefined;
  return { read, close };

  async function read(deadline: number, isCurrent: () => boolean): Promise<void> {
    if (!source.mayTry()) return;
    try {
      const known = parseSandboxes(await getText(target, MONITOR_PATHS.sandboxes, deadline));
      const unsafe = known.find((id) => !options.isReadable(id));
      tell(unsafe);
      const reading =
        unsafe === undefined
          ? await text({ target, path: MONITOR_PATHS.own }, deadline)
          : undefined;
      source.succeeded();
      if (reading === undefined || !isCurrent()) return;
      types = reading.types;
      builder.at(now());
      const into = bookOf(reading);
      into.begin();
      into.record(reading.rows, describe);
    } catch (error) {
      source.failed(error as Error);
    }
  }

  /** One that began anew counts from 0 again. */
  function bookOf({ rows }: Reading): SeriesBook {
    const seconds = rows.numbers.find(({ head }) => head.name === STARTED)?.value;
    const told = seconds !== undefined && isTold(seconds) ? Math.floor(seconds * 1000) : seen;
    const start = told <= now() ? told : seen;
    if (book !== undefined && start === began) return book;
    book?.close();
    began = start;
    book = createSeriesBook(builder, Object.freeze({}), start);
    return book;
  }

  function tell(unsafe: string | undefined): void {
    const key = 'kata-monitor and others';
    if (unsafe === undefined) {
      said.recovered(key, "kata-monitor's own figures can be read again", { receiver });
      return;
    }
    said.trouble(
      key,
      'kata-monitor is not asked for its own figures: it would read a sandbox that may end of it',
      {
        receiver,
        sandbox: unsafe,
        error:
          'it is in none of shim_directories, or its hypervisor is not in runtime_rs.hypervisors',
      },
    );
  }

  function close(): void {
    book?.close();
    source.close();
  }
}
