import type { Metric } from '../../catalog/metric.ts';
import { bool, list, oneOf, option, record, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';

/** Options that every scraping receiver has: when it reads. Decoded to ms. */
export const TIMING_OPTIONS = {
  collection_interval: option(
    duration(),
    60_000,
    '`0s` reads only when an exporter with `collect_on_scrape` asks',
  ),
  initial_delay: option(duration(), 1_000, 'before the first timed pass'),
  timeout: option(duration(), 0, 'longest pass; `0s` is none'),
};

/** The option of receivers that walk writable layers. Decoded to ms. */
export const LAYER_OPTIONS = {
  writable_layer_interval: option(
    duration(),
    60_000,
    'how old the size of a writable layer may be before it is walked again; the walks take 5 % of a CPU at most',
  ),
};

/** The option that names the workload_observer. */
export const OBSERVER_OPTIONS = {
  observer: option(text(), 'workload_observer', 'the extension that joins names'),
};

const SWITCH = section({ enabled: option(bool(), true, 'whether the metric is emitted') });

/** Options that switch metrics off, by cAdvisor's sets and by name. */
export function metricOptions(series: readonly Metric[]) {
  const sets = [...new Set(series.map(({ set }) => set))];
  const names = series.map(({ name }) => name);
  return {
    metric_sets: option(
      list(oneOf(...sets)),
      sets,
      "cAdvisor's sets; `spec` and `app` (start time, last seen) are what it prints whatever its sets are",
    ),
    metrics: option(
      record(SWITCH, names),
      {},
      'switches single metrics: `{container_memory_cache: {enabled: false}}`',
    ),
  };
}

/** Tells by the decoded options whether a metric is on. */
export function createMetricFilter(config: {
  readonly metric_sets: readonly string[];
  readonly metrics: Readonly<Record<string, { enabled: boolean }>>;
}): (metric: Metric) => boolean {
  const sets = new Set(config.metric_sets);
  return ({ name, set }) => sets.has(set) && config.metrics[name]?.enabled !== false;
}
