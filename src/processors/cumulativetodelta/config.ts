import type * as z from 'zod/mini';
import { list, oneOf, option, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';

const SIDE = {
  match_type: option(oneOf('strict', 'regexp'), 'strict', 'how names are compared'),
  metrics: option(list(text()), [], 'names of metrics'),
  metric_types: option(list(oneOf('sum', 'histogram')), [], 'types of metrics: sum, histogram'),
};

/** The options of the cumulativetodelta processor, under the Collector's names. */
export const CONFIG = section({
  include: section(SIDE, 'only what matches is converted; empty is all'),
  exclude: section(SIDE, 'what matches is not converted'),
  max_staleness: option(
    duration(),
    0,
    'how long the last value of a silent series counts; `0s` is for ever',
  ),
  initial_value: option(
    oneOf('auto', 'keep', 'drop'),
    'auto',
    'what is done with the first value of a series: `auto` hands it on where all of it is new',
  ),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
