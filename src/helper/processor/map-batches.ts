import type { Consumer, Processor } from '../../component/component.ts';
import { NO_LIFECYCLE } from '../../component/factory.ts';
import type { MapBatch } from './map-series.ts';

/** Makes a processor that changes each batch and holds nothing back; an empty one goes no further. */
export function mapBatches(map: MapBatch, next: Consumer): Processor {
  return {
    ...NO_LIFECYCLE,
    async flush() {},
    async consume(batch) {
      const mapped = map(batch);
      if (mapped.points.length > 0) await next.consume(mapped);
    },
  };
}
