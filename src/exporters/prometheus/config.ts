import type * as z from 'zod/mini';
import { createCodec } from '../../confmap/codec.ts';
import { bool, int, oneOf, option, record, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { descriptionOf } from '../../confmap/json-schema.ts';
import { httpServerOptions } from '../../helper/http-server/options.ts';
import { LABEL_NAMES } from '../../helper/prometheus/labels.ts';
import { STRATEGIES } from '../../helper/prometheus/names.ts';

/** The options of the prometheus exporter. */
export const CONFIG = section({
  ...httpServerOptions({ host: 'localhost', port: 9464 }),
  collect_on_scrape: option(
    bool(),
    false,
    'makes the receivers with `collection_interval: 0s` read for each scrape',
  ),
  max_age: option(duration(), 1_000, 'how old a collection may be to serve another scrape'),
  send_timestamps: option(
    bool(),
    false,
    'prints the time of each read; gone series then linger in Prometheus for five minutes',
  ),
  metric_expiration: option(
    duration(),
    300_000,
    'how long a source on a timer may be silent before its rows go',
  ),
  max_series: option(int({ min: 1 }), 500_000, 'series kept; points of more are refused'),
  const_labels: option(record(text(), LABEL_NAMES), {}, 'labels that every row has'),
  namespace: option(text(), '', 'stands before each name, with a `_`'),
  enable_open_metrics: option(bool(), false, 'answers in OpenMetrics those who ask for it'),
  translation_strategy: option(
    oneOf(...STRATEGIES),
    'NoTranslation',
    `how names are made: one of ${STRATEGIES.join(', ')}`,
  ),
  add_metric_suffixes: option(
    given(),
    undefined,
    'deprecated; true or false is UnderscoreEscapingWithSuffixes or -WithoutSuffixes',
  ),
  resource_to_telemetry_conversion: section({
    enabled: option(bool(), false, "adds the node's resource attributes as labels"),
  }),
  without_scope_info: option(bool(), false, 'accepted; rows never have labels of a scope'),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;

/** A bool that may also not be given. */
function given() {
  const { schema } = descriptionOf(bool());
  return createCodec<boolean | undefined>((raw) => raw, bool(), {
    schema,
    encode: (value) => value ?? null,
  });
}
