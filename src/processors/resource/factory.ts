import type { ProcessorFactory } from '../../component/factory.ts';
import { createActions } from '../../helper/processor/attribute-actions.ts';
import { mapBatches } from '../../helper/processor/map-batches.ts';
import { mapSeries } from '../../helper/processor/map-series.ts';
import { createSeries, type Resource } from '../../pdata/series.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';

/** Makes resource processors. */
export const resource: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create({ id }, { attributes }, next) {
    const apply = createActions(attributes, `processors::${id.text}::attributes`);
    const known = new WeakMap<Resource, Resource>();
    const map = mapSeries(({ descriptor, identity, labels, resource: old }) => {
      const changed =
        known.get(old) ?? Object.freeze({ attributes: Object.freeze(apply(old.attributes)) });
      known.set(old, changed);
      return createSeries(descriptor, identity, labels, changed);
    });
    return mapBatches(map, next);
  },
};
