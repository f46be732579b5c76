import type * as z from 'zod/mini';
import { list, oneOf, option, section, text } from '../../confmap/codecs.ts';

const SIDE = {
  match_type: option(oneOf('strict', 'regexp'), 'strict', 'how texts are compared'),
  metric_names: option(list(text()), [], 'names of metrics'),
  attributes: option(
    list(
      section({
        key: option(text(), '', 'name of an attribute'),
        value: option(text(), '', 'its value'),
      }),
    ),
    [],
    'attributes of points',
  ),
};

/** The options of the filter processor, under the Collector's names. */
export const CONFIG = section({
  metrics: section(
    {
      include: section(SIDE, 'only what matches is kept; empty is all'),
      exclude: section(SIDE, 'what matches is left out'),
    },
    'which metrics pass',
  ),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;
