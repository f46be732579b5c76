import type { ProcessorFactory } from '../../component/factory.ts';
import { createActions } from '../../helper/processor/attribute-actions.ts';
import { mapBatches } from '../../helper/processor/map-batches.ts';
import { mapSeries } from '../../helper/processor/map-series.ts';
import { createLabelSharing } from '../../helper/processor/share-labels.ts';
import { createSeries, type Labels } from '../../pdata/series.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';

/** Makes attributes processors. */
export const attributes: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create({ id }, { actions }, next) {
    const apply = createActions(actions, `processors::${id.text}::actions`);
    const share = createLabelSharing();
    const map = mapSeries(({ descriptor, identity, labels, resource }) => {
      const changed = apply({ ...identity, ...labels });
      const ofWorkload = (key: string) => !Object.hasOwn(labels, key);
      const kept = pick(changed, ofWorkload);
      const own = pick(changed, (key) => !ofWorkload(key));
      return createSeries(descriptor, share(identity, kept), share(labels, own), resource);
    });
    return mapBatches(map, next);
  },
};

function pick(labels: Labels, isWanted: (key: string) => boolean): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => isWanted(key)));
}
