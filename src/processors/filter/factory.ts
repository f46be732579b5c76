import type { ProcessorFactory } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { mapBatches } from '../../helper/processor/map-batches.ts';
import { mapSeries } from '../../helper/processor/map-series.ts';
import { textTest } from '../../helper/processor/text-test.ts';
import type { Series } from '../../pdata/series.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';

/** Makes filter processors. */
export const filter: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create({ id }, { metrics }, next) {
    const path = `processors::${id.text}::metrics`;
    const include = matcher(metrics.include, `${path}::include`);
    const exclude = matcher(metrics.exclude, `${path}::exclude`);
    if (include === undefined && exclude === undefined) {
      throw new ConfigError(path, 'needs include or exclude with metric_names or attributes');
    }
    const isKept = (series: Series) => (include?.(series) ?? true) && !exclude?.(series);
    const map = mapSeries((series) => (isKept(series) ? series : undefined));
    return mapBatches(map, next);
  },
};

type Side = Config['metrics']['include'];

/** Undefined for a side that says nothing. */
function matcher(side: Side, path: string): ((series: Series) => boolean) | undefined {
  const { match_type: type, metric_names: names, attributes } = side;
  if (names.length + attributes.length === 0) return undefined;
  const test = (text: string) => textTest(type, text, path);
  const nameTests = names.map(test);
  const attributeTests = attributes.map(({ key, value }) => ({ key, test: test(value) }));
  return ({ descriptor, identity, labels }) =>
    (nameTests.length === 0 || nameTests.some((each) => each(descriptor.name))) &&
    attributeTests.every((each) => {
      const value = labels[each.key] ?? identity[each.key];
      return value !== undefined && each.test(value);
    });
}
