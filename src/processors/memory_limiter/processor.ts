import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Consumer, Processor } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { isEnded } from '../../pdata/point.ts';
import type { Limits } from './limits.ts';

/** How the processor looks at memory; a test passes its own. */
export interface MemorySource {
  /** Bytes of live and dead objects and buffers: what a collection can change. */
  usedBytes(): number;
  collectGarbage(): void;
}

/** Limits and how often they are looked at. */
export interface LimiterOptions extends Limits {
  readonly checkMillis: number;
}

/** A collection stops the agent for a moment: not more often than this. */
const MIN_COLLECT_MILLIS = 10_000;

/**
 * Makes the processor. While memory is over the soft limit batches are refused, which their receivers
 * count; ends of series pass, so that no cache keeps what is gone.
 */
export function createMemoryLimiter(
  { telemetry, id }: Settings,
  options: LimiterOptions,
  next: Consumer,
  memory: MemorySource = V8,
): Processor {
  const said = createLogOnce(telemetry.logger);
  const refused = telemetry.counter('otelcol_processor_refused_metric_points', {
    processor: id.text,
  });
  let timer: NodeJS.Timeout | undefined;
  let isRefusing = false;
  let collectedAt = Number.NEGATIVE_INFINITY;
  return {
    async start() {
      timer = setInterval(check, options.checkMillis);
      timer.unref();
    },
    async shutdown() {
      clearInterval(timer);
    },
    async flush() {},
    async consume(batch) {
      if (!isRefusing) return next.consume(batch);
      const ended = batch.points.filter(isEnded);
      refused.add(batch.points.length - ended.length);
      if (ended.length > 0) await next.consume({ ...batch, points: ended });
      throw new Error('data refused due to high memory usage');
    },
  };

  function check(): void {
    let used = memory.usedBytes();
    const now = performance.now();
    if (used > options.hard && now - collectedAt >= MIN_COLLECT_MILLIS) {
      collectedAt = now;
      memory.collectGarbage();
      used = memory.usedBytes();
    }
    isRefusing = used > options.soft;
    if (isRefusing) {
      said.trouble('memory', 'Memory usage is above soft limit. Refusing data.', {
        processor: id.text,
        cur_mem_mib: Math.round(used / 2 ** 20),
      });
    } else {
      said.recovered('memory', 'Memory usage back within limits. Resuming normal operation.', {
        processor: id.text,
      });
    }
  }
}

const V8: MemorySource = {
  usedBytes() {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  collectGarbage() {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
  },
};
