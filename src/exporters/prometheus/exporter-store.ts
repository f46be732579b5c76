import type { Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { createRefusals } from '../../helper/exporter/refusals.ts';
import { keepsLetters, metricName, type Strategy } from '../../helper/prometheus/names.ts';
import type { Config } from './config.ts';
import { createLabelTexts } from './labels.ts';
import { createStore, type Store } from './store.ts';

/** Makes the store that the options ask for; what it refuses is counted and said once. */
export function createExporterStore(settings: Settings, config: Config): Store {
  const { telemetry, id } = settings;
  const strategy = strategyOf(settings, config);
  const labels = { exporter: id.text };
  const refused = createRefusals(settings);
  return createStore(telemetry.counter('sandgauge_exporter_duplicate_points', labels), {
    maxSeries: config.max_series,
    labels: createLabelTexts({
      constant: config.const_labels,
      resource: config.resource_to_telemetry_conversion.enabled,
      keepLetters: keepsLetters(strategy),
    }),
    nameOf: (descriptor) => metricName(descriptor, strategy, config.namespace),
    overflow: refused('max_series'),
    conflicts: refused('type_conflict'),
    deltas: refused('delta'),
  });
}

/** The strategy, or what the deprecated key stands for. Throws ConfigError where both are given. */
export function strategyOf({ id }: Settings, config: Config): Strategy {
  const suffixes = config.add_metric_suffixes;
  if (suffixes === undefined) return config.translation_strategy;
  if (config.translation_strategy !== 'NoTranslation') {
    const key = `exporters::${id.text}::add_metric_suffixes`;
    throw new ConfigError(key, 'is deprecated: leave it out, translation_strategy says it all');
  }
  return suffixes ? 'UnderscoreEscapingWithSuffixes' : 'UnderscoreEscapingWithoutSuffixes';
}
