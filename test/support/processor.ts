import type { Host } from '../../src/component/component.ts';
import type { ProcessorFactory } from '../../src/component/factory.ts';
import { parseComponentId } from '../../src/component/id.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import type { Batch } from '../../src/pdata/batch.ts';
import type { Descriptor } from '../../src/pdata/descriptor.ts';
import { isEnded, type NumberPoint, numberPoint, type Point } from '../../src/pdata/point.ts';
import { createSeries, type Labels, type Series } from '../../src/pdata/series.ts';
import { createOwnMetrics } from '../../src/service/telemetry.ts';

/** When the processors of these tests start. */
export const NOW = 1_700_000_000_000;
const NODE = { attributes: {} };
const COUNTER: Descriptor = {
  ...{ name: 'bytes', type: 'sum', monotonic: true, temporality: 'cumulative' },
  ...{ unit: 'By', help: 'Bytes', valueType: 'int', timed: true },
};

/** A counter of whole numbers, but for what `changes`. */
export function counter(changes: Partial<Descriptor> = {}): Descriptor {
  return Object.freeze({ ...COUNTER, ...changes });
}

/** A series of one workload. */
export function seriesOf(descriptor: Descriptor, labels: Labels = {}): Series {
  return createSeries(descriptor, Object.freeze({ id: '/a' }), Object.freeze(labels), NODE);
}

/** A value `seconds` after NOW of what began to count then, or at `start`. */
export function at(series: Series, seconds: number, value: number, start = NOW): NumberPoint {
  return numberPoint(series, start, NOW + seconds * 1000, value);
}

/** A started processor and what it hands on. */
export async function runProcessor<Config>(factory: ProcessorFactory<Config>, yaml: string) {
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const say = (message: string) => void log.push(message);
  const logger = { debug() {}, info: say, warn: say, error: say };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge } as never;
  const settings = { id: parseComponentId(factory.metadata.type, ''), telemetry, now: () => NOW };
  const config = decode(factory.config, confOf(parseYaml(yaml, 'test')));
  const batches: Batch[] = [];
  const next = { consume: async (batch: Batch) => void batches.push(batch) };
  const processor = factory.create(settings, config, next);
  await processor.start({ version: '1.2.3' } as Host);
  return {
    log,
    /** What comes out for what goes in. */
    async pass(...points: readonly Point[]): Promise<readonly Point[]> {
      await processor.consume({ source: 'test', onDemand: false, points });
      return batches.splice(0).flatMap((batch) => batch.points);
    },
    /** The points that were left out, by reason. */
    dropped: (reason: string) =>
      metrics.values()[
        `sandgauge_processor_dropped_points{processor="${factory.metadata.type}",reason="${reason}"}`
      ] ?? 0,
  };
}

/** Points as `name{labels} value`. */
export function shown(points: readonly Point[]): string[] {
  return points.map((point) => {
    const { descriptor, identity, labels } = point.series;
    const pairs = Object.entries({ ...identity, ...labels }).map(([k, v]) => `${k}=${v}`);
    const value = point.kind === 'number' ? point.value : point.count;
    return `${descriptor.name}{${pairs}} ${isEnded(point) ? 'ended' : value}`;
  });
}
