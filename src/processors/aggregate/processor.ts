import type { Consumer, Processor } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import type { Counter } from '../../component/telemetry.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import type { Point } from '../../pdata/point.ts';
import type { Config } from './config.ts';
import { usageWindow } from './cpu-usage.ts';
import { createPlanner } from './plan.ts';
import { createWindows } from './windows.ts';

/** Makes the processor. Throws ConfigError. */
export function createAggregateProcessor(
  { telemetry, id }: Settings,
  config: Config,
  next: Consumer,
): Processor {
  const { emit, interval, max_series: maxSeries } = config;
  const isTimed = emit === 'interval';
  const processor = id.text;
  const said = createLogOnce(telemetry.logger);
  let overflows = 0;
  const planOf = createPlanner(config, `processors::${processor}`, ({ name }) =>
    said.trouble(name, 'Readings of a counter cannot be summed: its last one is taken', {
      ...{ processor, metric: name },
    }),
  );
  const windows = createWindows({
    ...{ planOf, maxSeries },
    usageMillis: usageWindow(isTimed ? interval : Number.POSITIVE_INFINITY),
    dropped: {
      late: countOf('late'),
      invalid: countOf('invalid'),
      max_series: { add: overflow },
    },
  });
  const overflowed = countOf('max_series');
  let timer: NodeJS.Timeout | undefined;
  let emitting: Promise<void> | undefined;
  return {
    waitsForReader: !isTimed,
    async start() {
      if (isTimed) timer = setInterval(tick, interval);
    },
    async consume(batch) {
      const passed = windows.take(batch.points, batch.onDemand);
      if (passed.length === 0) return;
      await next.consume({ ...batch, onDemand: batch.onDemand && !isTimed, points: passed });
    },
    async flush() {
      // On an interval a reader is served what was handed on last.
      if (!isTimed) await handOn();
    },
    async shutdown() {
      clearInterval(timer);
      await handOn();
    },
  };

  function countOf(reason: string): Counter {
    return telemetry.counter('sandgauge_processor_dropped_points', { processor, reason });
  }

  function overflow(points: number): void {
    overflows += points;
    overflowed.add(points);
    said.trouble('', 'Points are dropped: there are more series than max_series', {
      ...{ processor, max_series: maxSeries },
    });
  }

  /** While the last points are not taken, samples stay in their windows. */
  function tick(): void {
    if (emitting === undefined) void handOn();
  }

  /** One after another, so that who comes second does not go before the points of the first. */
  async function handOn(): Promise<void> {
    while (emitting !== undefined) await emitting;
    emitting = emitAll();
    await emitting;
    emitting = undefined;
  }

  /** All at once, so that the end of a series cannot come before its points. */
  async function emitAll(): Promise<void> {
    const { timed, onDemand } = windows.empty();
    if (overflows === 0) said.recovered('', 'There is room for all series again', { processor });
    overflows = 0;
    const results = await Promise.allSettled([
      send(timed, false),
      // What a clock hands on stays until the next time: no collection brings it.
      send(onDemand, !isTimed),
    ]);
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      const error = String(result.reason);
      telemetry.logger.error('Aggregated points were refused', { processor, error });
    }
  }

  async function send(points: Point[], onDemand: boolean): Promise<void> {
    if (points.length > 0) await next.consume({ source: processor, onDemand, points });
  }
}
