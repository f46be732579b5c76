import { setTimeout as sleep } from 'node:timers/promises';
import type { ComponentHealth, Consumer, Host, Receiver } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { LateError, type PartialScrapeError } from '../../errors.ts';
import { isEnded, type Point } from '../../pdata/point.ts';
import { createLogOnce } from '../log-once.ts';
import { createSource, createStateCounts } from '../source-state.ts';
import { type SharedPass, startPass } from './shared-pass.ts';

const SHUTDOWN_MILLIS = 2000;
/** How long after its deadline a pass that still reads is stuck, for health checks. */
const STUCK_MILLIS = 60_000;

/** The part of a receiver that reads its source. */
export interface Scraper {
  start(host: Host): Promise<void>;
  /**
   * One pass. A partial failure is told to `partial` and what came is returned. At `deadline` (ms of
   * performance.now()) the pass is late as a whole, unless somebody with more time has joined.
   */
  scrape(
    signal: AbortSignal,
    partial: (error: PartialScrapeError) => void,
    deadline: number,
  ): Promise<Point[]>;
  /** Asked after a pass: `denied` where all of it was, which the scraper has said. `up` without. */
  sourceState?(): 'absent' | 'denied' | 'up';
  /** Asked after a pass: why it brought nothing but the ends of series, which are handed on. */
  failure?(): Error | undefined;
  shutdown(): Promise<void>;
}

/** The options of every scraping receiver, in ms. */
export interface ControllerConfig {
  /** 0 reads only on demand. */
  readonly collection_interval: number;
  readonly initial_delay: number;
  /** 0 is none. */
  readonly timeout: number;
}

/**
 * Drives a scraper by a timer or on demand. Passes never overlap: callers that come while one
 * reads share it. A pass that misses its deadline is left: its values go nowhere, only the ends
 * of series that it found are handed on.
 */
export function createScraperController(
  settings: Settings,
  config: ControllerConfig,
  scraper: Scraper,
  next: Consumer,
): Receiver {
  const { telemetry } = settings;
  const source = settings.id.text;
  const labels = { receiver: source, scraper: settings.id.type };
  const errored = telemetry.counter('otelcol_scraper_errored_metric_points', labels);
  const scraped = telemetry.counter('otelcol_scraper_scraped_metric_points', labels);
  const said = createLogOnce(telemetry.logger);
  const counts = createStateCounts(telemetry, 'sandgauge_source_state', { source });
  const gauge = (name: string) => telemetry.gauge(`sandgauge_source_${name}`, { source });
  const lastSuccess = gauge('last_success_timestamp_seconds');
  const duration = gauge('read_duration_seconds');
  const tracked = createSource({
    ...{ said, counts, key: 'source', fields: { source } },
    messages: { failed: 'Source cannot be read', recovered: 'Source can be read again' },
    failures: telemetry.counter('sandgauge_source_failures', { source }),
  });
  const onDemand = config.collection_interval === 0;
  const stop = new AbortController();
  let current: SharedPass | undefined;
  let latest = Number.POSITIVE_INFINITY;
  let loop: Promise<void> | undefined;
  return { onDemand, collectNow, health, start, shutdown };

  async function start(host: Host): Promise<void> {
    await scraper.start(host);
    if (!onDemand) loop = runTimer();
  }

  async function shutdown(): Promise<void> {
    if (stop.signal.aborted) return;
    stop.abort();
    await loop;
    await current?.wait(performance.now() + SHUTDOWN_MILLIS).catch(() => false);
    await scraper.shutdown();
    tracked.close();
    counts.close();
    for (const each of [lastSuccess, duration]) each.set(Number.NaN);
  }

  function health(): ComponentHealth {
    const late = performance.now() - latest;
    if (current?.isReading && late > STUCK_MILLIS) {
      const seconds = Math.round(late / 1000);
      return { status: 'permanent_error', detail: `a pass is stuck, ${seconds} s over its time` };
    }
    const { state, error } = tracked;
    if (state === undefined || state === 'up') return { status: 'ok' };
    if (state === 'absent') return { status: 'ok', detail: 'the source is absent' };
    return { status: 'recoverable_error', detail: error ?? 'the source may not be read' };
  }

  async function runTimer(): Promise<void> {
    let due = performance.now() + config.initial_delay;
    for (;;) {
      const delay = Math.max(0, due - performance.now());
      const isStopped = await sleep(delay, false, { signal: stop.signal }).catch(() => true);
      if (isStopped) return;
      const deadline = config.timeout || config.collection_interval;
      await collectNow(performance.now() + deadline).catch(() => {});
      due = Math.max(due + config.collection_interval, performance.now());
    }
  }

  async function collectNow(deadline: number): Promise<void> {
    const limit = config.timeout > 0 ? performance.now() + config.timeout : deadline;
    const end = Math.min(deadline, limit);
    if (current?.isAbandoned && current.isReading) await current.wait(end).catch(() => false);
    if (current === undefined || !current.isReading) {
      current = startPass({ read: (signal) => read(signal, end), deliver }, stop.signal);
      latest = end;
    }
    if (!current.isAbandoned) {
      latest = Math.max(latest, end);
      if (await current.wait(end)) return;
    }
    errored.add(1);
    const late = new LateError(source);
    tracked.failed(late, 'Source is late and left out of this collection');
    throw late;
  }

  async function read(signal: AbortSignal, deadline: number): Promise<Point[]> {
    const start = performance.now();
    try {
      const points = await scraper.scrape(signal, reportPartial, deadline);
      const failure = scraper.failure?.();
      if (failure !== undefined) failed(signal, failure);
      else if (!signal.aborted) succeeded();
      return points;
    } catch (error) {
      failed(signal, error as Error);
      throw error;
    } finally {
      if (!stop.signal.aborted) duration.set((performance.now() - start) / 1000);
    }
  }

  function failed(signal: AbortSignal, error: Error): void {
    if (signal.aborted) return;
    errored.add(1);
    tracked.failed(error);
  }

  function succeeded(): void {
    const state = scraper.sourceState?.() ?? 'up';
    if (state === 'up') {
      tracked.succeeded();
      lastSuccess.set(settings.now() / 1000);
    } else {
      tracked.is(state);
    }
  }

  async function deliver(points: Point[], isAbandoned: boolean): Promise<void> {
    const wanted = isAbandoned ? points.filter(isEnded) : points;
    scraped.add(wanted.length);
    if (wanted.length > 0) await next.consume({ source, onDemand, points: wanted });
  }

  function reportPartial(error: PartialScrapeError): void {
    errored.add(error.failures.length);
    said.trouble(error.message, 'Part of the source cannot be read', {
      source,
      error: error.message,
    });
  }
}
