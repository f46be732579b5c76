import type { ProcessorFactory } from '../../component/factory.ts';
import { createActions } from '../../helper/attribute-actions.ts';
import { mapSeries } from '../../helper/map-series.ts';
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
    return {
      async start() {},
      async shutdown() {},
      async flush() {},
      consume: (batch) => next.consume(map(batch)),
    };
  },
};
