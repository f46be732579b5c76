import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, Host, Receiver } from '../component/component.ts';
import type { Settings } from '../component/factory.ts';
import { LateError, type PartialScrapeError } from '../errors.ts';
import { isEnded, type Point } from '../pdata/point.ts';
import { createLogOnce } from './log-once.ts';
import { type SharedPass, startPass } from './shared-pass.ts';

const SHUTDOWN_MILLIS = 2000;

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
  const errored = telemetry.counter('otelcol_scraper_errored_metric_points', { receiver: source });
  const scraped = telemetry.counter('otelcol_scraper_scraped_metric_points', { receiver: source });
  const said = createLogOnce(telemetry.logger);
  const onDemand = config.collection_interval === 0;
  const stop = new AbortController();
  let current: SharedPass | undefined;
  let loop: Promise<void> | undefined;
  return { onDemand, collectNow, start, shutdown };

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
    }
    const isInTime = !current.isAbandoned && (await current.wait(end));
    if (isInTime) return said.recovered('late', 'Source answers in time again', { source });
    errored.add(1);
    said.trouble('late', 'Source is late and left out of this collection', { source });
    throw new LateError(source);
  }

  async function read(signal: AbortSignal, deadline: number): Promise<Point[]> {
    try {
      const points = await scraper.scrape(signal, reportPartial, deadline);
      said.recovered('failed', 'Source can be read again', { source });
      return points;
    } catch (error) {
      if (!signal.aborted) {
        errored.add(1);
        said.trouble('failed', 'Source cannot be read', { source, error: String(error) });
      }
      throw error;
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
