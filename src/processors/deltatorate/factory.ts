import type { Consumer, Processor } from '../../component/component.ts';
import type { ProcessorFactory, Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { createDescriptorMap } from '../../helper/processor/descriptor-map.ts';
import { mapBatches } from '../../helper/processor/map-batches.ts';
import { mapSeries } from '../../helper/processor/map-series.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import { isEnded, type Point } from '../../pdata/point.ts';
import { createSeries } from '../../pdata/series.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';

/** Makes deltatorate processors. */
export const deltatorate: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createDeltaToRate,
};

function createDeltaToRate(
  { id, telemetry }: Settings,
  { metrics }: Config,
  next: Consumer,
): Processor {
  const processor = id.text;
  if (metrics.length === 0 || metrics.includes('')) {
    throw new ConfigError(`processors::${processor}::metrics`, 'needs names of delta sums');
  }
  const names = new Set(metrics);
  const said = createLogOnce(telemetry.logger);
  const labels = { processor, reason: 'invalid' };
  const invalid = telemetry.counter('sandgauge_processor_dropped_points', labels);
  const rateOf = createDescriptorMap(rateDescriptor);
  const map = mapSeries((series) => {
    const { descriptor, identity, labels: own, resource } = series;
    const { name, type, temporality } = descriptor;
    if (!names.has(name)) return series;
    if (type === 'sum' && temporality === 'delta') {
      return createSeries(rateOf(descriptor), identity, own, resource);
    }
    said.trouble(name, 'A metric is no delta sum: it stays as it is', { processor, metric: name });
    return series;
  });
  return mapBatches((batch) => {
    const points = map(batch).points.flatMap((point, i) =>
      point === batch.points[i] ? point : (rated(point) ?? []),
    );
    return { ...batch, points };
  }, next);

  /** An interval that is not known, or is none, has no rate. */
  function rated(point: Point): Point | undefined {
    if (point.kind !== 'number' || isEnded(point)) return point;
    const millis = point.start > 0 ? point.time - point.start : 0;
    const value = (point.value * 1000) / millis;
    if (millis > 0 && Number.isFinite(value)) return { ...point, value };
    invalid.add(1);
    return undefined;
  }
}

function rateDescriptor(delta: Descriptor): Descriptor {
  return {
    ...delta,
    ...{ type: 'gauge', monotonic: false, temporality: 'unspecified', valueType: 'double' },
    unit: delta.unit === '' ? '' : `${delta.unit}/s`,
  };
}
