import type { ProcessorFactory } from '../../component/factory.ts';
import { createActions } from '../../helper/attribute-actions.ts';
import { mapSeries } from '../../helper/map-series.ts';
import { createSeries, type Labels } from '../../pdata/series.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';

/** Makes attributes processors. */
export const attributes: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create({ id }, { actions }, next) {
    const apply = createActions(actions, `processors::${id.text}::actions`);
    const share = createSharing();
    const map = mapSeries(({ descriptor, identity, labels, resource }) => {
      const changed = apply({ ...identity, ...labels });
      const ofWorkload = (key: string) => !Object.hasOwn(labels, key);
      const kept = pick(changed, ofWorkload);
      const own = pick(changed, (key) => !ofWorkload(key));
      return createSeries(descriptor, share(identity, kept), share(labels, own), resource);
    });
    return {
      async start() {},
      async shutdown() {},
      async flush() {},
      consume: (batch) => next.consume(map(batch)),
    };
  },
};

function pick(labels: Labels, isWanted: (key: string) => boolean): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => isWanted(key)));
}

/** Gives one object for what came of one object and is the same: a workload's labels stay shared. */
function createSharing(): (from: Labels, made: Labels) => Labels {
  const variants = new WeakMap<Labels, Map<string, Labels>>();
  return (from, made) => {
    const known = variants.get(from) ?? new Map<string, Labels>();
    variants.set(from, known);
    const key = JSON.stringify(made);
    const shared = known.get(key) ?? Object.freeze(made);
    known.set(key, shared);
    return shared;
  };
}
