import { CPU } from '../../../src/catalog/cpu.ts';
import { MEMORY } from '../../../src/catalog/memory.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import type { Batch } from '../../../src/pdata/batch.ts';
import type { Descriptor } from '../../../src/pdata/descriptor.ts';
import { isEnded, type NumberPoint, numberPoint, type Point } from '../../../src/pdata/point.ts';
import { createSeries, type Labels, type Series } from '../../../src/pdata/series.ts';
import { aggregate } from '../../../src/processors/aggregate/factory.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';

/** When the sources of these tests began to count. */
export const START = 1_700_000_000_000;
const NODE = { attributes: {} };

/** A series of one workload. */
export function seriesOf(
  descriptor: Descriptor,
  labels: Labels = {},
  identity: Labels = { id: '/' },
): Series {
  return createSeries(descriptor, identity, labels, NODE);
}

/** CPU seconds: by default the mean of three. */
export const CPU_SERIES = seriesOf(CPU.container_cpu_usage_seconds_total, { cpu: 'total' });
/** Bytes: by default the last one. */
export const MEMORY_SERIES = seriesOf(MEMORY.container_memory_usage_bytes);

/** A sample `seconds` after START. */
export function sample(series: Series, seconds: number, value: number): NumberPoint {
  const start = series.descriptor.monotonic ? START : 0;
  return numberPoint(series, start, START + seconds * 1000, value);
}

/** A processor with the ends of what it hands on. */
export function setUp(yaml = '') {
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const say = (message: string) => void log.push(message);
  const logger = { debug() {}, info: say, warn: say, error: say };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge } as never;
  const settings = { id: parseComponentId('aggregate', ''), telemetry, now: Date.now };
  const batches: Batch[] = [];
  const next = { consume: async (batch: Batch) => void batches.push(batch) };
  const config = decode(aggregate.config, confOf(parseYaml(yaml, 'test')));
  const processor = aggregate.create(settings, config, next);
  const take = (points: readonly Point[], onDemand = false) =>
    processor.consume({ source: 'cgroup', onDemand, points });
  /** What was handed on since the last call. */
  const passed = () => batches.splice(0).flatMap(({ points }) => points);
  /** What a reader that asks now gets. */
  const read = async () => {
    await processor.flush();
    return passed();
  };
  return { processor, batches, take, passed, read, metrics, log };
}

/** Points as [seconds after START, value] or `ended`. */
export function told(points: readonly Point[]) {
  return points.map((point) => {
    if (isEnded(point)) return 'ended';
    return [(point.time - START) / 1000, point.kind === 'number' ? point.value : point.count];
  });
}
