import type * as z from 'zod/mini';
import { type Codec, createFormat } from '../../confmap/codec.ts';
import { float, list, oneOf, option, record, section, text } from '../../confmap/codecs.ts';
import { WITH_EXPANSION } from '../../confmap/json-schema.ts';

const OPERATIONS = list(
  section({
    action: option(
      words(
        ['add_label', 'update_label', 'delete_label_value', 'experimental_scale_value'],
        ['toggle_scalar_data_type', 'aggregate_labels', 'aggregate_label_values'],
      ),
      '',
      'what is done',
    ),
    label: option(text(), '', 'the label that is looked at'),
    new_label: option(text(), '', 'the label that is added, or the new name of `label`'),
    new_value: option(text(), '', 'its value; `{{version}}` is the version of the agent'),
    label_value: option(text(), '', 'points whose `label` has it are left out'),
    value_actions: option(
      list(
        section({
          value: option(text(), '', 'a value of `label`'),
          new_value: option(text(), '', 'what it becomes'),
        }),
      ),
      [],
      'new values of `label`',
    ),
    experimental_scale: option(float({ min: 0 }), 0, 'what values are multiplied by'),
  }),
);

/** The options of the metricstransform processor, under the Collector's names. */
export const CONFIG = section({
  transforms: option(
    list(
      section({
        include: option(text(), '', 'name of the metrics'),
        match_type: option(oneOf('strict', 'regexp'), 'strict', 'how texts are compared'),
        experimental_match_labels: option(record(text()), {}, 'labels that a series must have'),
        action: option(words(['update', 'insert'], ['combine', 'group']), '', 'on them or a copy'),
        new_name: option(text(), '', 'the new name; with `regexp` it may have groups as `$${1}`'),
        operations: option(OPERATIONS, [], 'what else is done, in order'),
      }),
    ),
    [],
    'changes, in order: each sees what those before it made',
  ),
});

/** The decoded options. */
export type Config = z.infer<typeof CONFIG>;

/** Some of the Collector's words; the others are refused by name. Undecoded it is ''. */
function words<const Known extends string>(
  known: readonly Known[],
  unsupported: readonly string[],
): Codec<Known | ''> {
  return createFormat<Known | ''>(
    `one of ${known.join(', ')} (not supported: ${unsupported.join(', ')})`,
    (value) => known.find((word) => word === value),
    {
      schema: { type: ['string'], anyOf: [{ enum: known }, { pattern: WITH_EXPANSION }] },
      encode: (value) => value,
    },
  );
}
