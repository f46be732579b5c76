import type { Consumer, Processor } from '../../component/component.ts';
import type { ProcessorFactory, Settings } from '../../component/factory.ts';
import { createDescriptorMap } from '../../helper/processor/descriptor-map.ts';
import { mapSeries } from '../../helper/processor/map-series.ts';
import { isEnded, type Point } from '../../pdata/point.ts';
import { createSeries } from '../../pdata/series.ts';
import { CONFIG, type Config } from './config.ts';
import { type Counted, deltaOf, isCounted } from './delta.ts';
import { createMemory } from './memory.ts';
import { METADATA } from './metadata.ts';
import { createSelection } from './selection.ts';

/** Makes cumulativetodelta processors. */
export const cumulativetodelta: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createCumulativeToDelta,
};

function createCumulativeToDelta(
  { id, telemetry, now }: Settings,
  config: Config,
  next: Consumer,
): Processor {
  const isSelected = createSelection(config, `processors::${id.text}`);
  const { initial_value: initial, max_staleness: maxStaleness } = config;
  const memory = createMemory();
  const dropped = { late: countOf('late'), invalid: countOf('invalid'), reset: countOf('reset') };
  const toDelta = createDescriptorMap((from) => ({ ...from, temporality: 'delta' }));
  const map = mapSeries((series) => {
    const { descriptor, identity, labels, resource } = series;
    if (!isSelected(descriptor)) return series;
    return createSeries(toDelta(descriptor), identity, labels, resource);
  });
  let startedAt = Number.POSITIVE_INFINITY;
  return {
    async start() {
      startedAt = now();
    },
    async shutdown() {},
    async flush() {},
    async consume(batch) {
      const mapped = map(batch);
      const points = batch.points.flatMap((point, i) => {
        const to = mapped.points[i] as Point;
        return to === point ? point : (convert(point, to) ?? []);
      });
      if (points.length > 0) await next.consume({ ...batch, points });
    },
  };

  function countOf(reason: string) {
    return telemetry.counter('sandgauge_processor_dropped_points', { processor: id.text, reason });
  }

  /** `to` is the point with the series of deltas. */
  function convert(point: Point, to: Point): Point | undefined {
    if (isEnded(point)) {
      memory.end(point.series);
      return to;
    }
    if (!isCounted(point) || !isCounted(to)) return drop('invalid');
    const last = memory.last(point.series);
    if (last !== undefined && point.time <= last.time) {
      memory.keep({ ...last, series: point.series });
      return drop('late');
    }
    memory.keep(point);
    const isStale = maxStaleness > 0 && last !== undefined && point.time - last.time > maxStaleness;
    if (last === undefined || isStale) return isWanted(point, isStale) ? to : undefined;
    return deltaOf(to, last) ?? drop('reset');
  }

  /** What was counted before may have been handed on before, also by an agent that ran before. */
  function isWanted({ start, time }: Counted, isStale: boolean): boolean {
    if (initial !== 'auto') return initial === 'keep';
    const isNew = start >= startedAt && start > memory.forgottenUntil;
    return isNew && start < time && !isStale;
  }

  function drop(reason: keyof typeof dropped): undefined {
    dropped[reason].add(1);
  }
}
