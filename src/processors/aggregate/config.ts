import type * as z from 'zod/mini';
import { bool, int, list, oneOf, option, record, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { FUNCTION_NAMES } from './functions.ts';
import { METADATA } from './metadata.ts';

/** So that a window's size in bytes has a bound: about 16 bytes a sample. */
const MAX_SAMPLES = 1000;

/** What `interval` is when it is not given. */
export const DEFAULT_INTERVAL_MILLIS = 60_000;

const HOW = {
  function: option(
    oneOf(...FUNCTION_NAMES),
    'last',
    `what stands for the samples: one of ${FUNCTION_NAMES.join(', ')}`,
  ),
  samples: option(
    int({ min: 1, max: MAX_SAMPLES }),
    1,
    'how many of a series are kept, the newest ones',
  ),
  time_weighted: option(
    bool(),
    false,
    'for `mean` of gauges: weighs values by the time for which they held',
  ),
};

const RULES = list(
  section({
    metrics: option(list(text()), [], 'globs of metric names'),
    ...HOW,
  }),
);

const CPU_RULES = RULES.parse([
  { metrics: ['container_cpu_*', '*.cpu.time'], function: 'mean', samples: 3 },
]);

const SWITCH = section({ enabled: option(bool(), true, 'whether the metric is emitted') });

/** The options of the aggregate processor. */
export const CONFIG = section({
  emit: option(
    oneOf('interval', 'on_read'),
    'interval',
    'when points are handed on: `interval`, or `on_read` when an exporter with `collect_on_scrape` asks',
  ),
  interval: option(duration(), DEFAULT_INTERVAL_MILLIS, 'for `emit: interval`, at most `24h`'),
  rules: option(
    RULES,
    CPU_RULES,
    'the first one with a glob that fits a metric holds for it; a list of your own replaces this one',
  ),
  default: section(HOW, 'for metrics that no rule names'),
  max_series: option(int({ min: 1 }), 500_000, 'series kept; points of more are dropped'),
  metrics: option(
    record(
      SWITCH,
      METADATA.series.map(({ name }) => name),
    ),
    {},
    'switches derived metrics on: `{container_cpu_usage_cores: {enabled: true}}`',
  ),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
