import { stringify } from 'yaml';
import type { Plain } from '../../src/confmap/conf.ts';
import { descriptionOf } from '../../src/confmap/json-schema.ts';

/** One row of a table of options. */
export interface Option {
  /** Joined by `::` where it stands in a section of the component's. */
  readonly key: string;
  /** The default as YAML of one line. */
  readonly shown: string;
  readonly meaning: string;
  readonly codec: object;
  readonly default: unknown;
}

/** The options of a section and of the sections in it. */
export function optionsOf(section: object, path: readonly string[] = []): Option[] {
  return Object.entries(descriptionOf(section).keys ?? {}).flatMap(([name, codec]) => {
    const { option, encode } = descriptionOf(codec);
    const below = [...path, name];
    if (option === undefined) return optionsOf(codec, below);
    const shown = yamlText(encode(option.default));
    return [{ ...option, key: below.join('::'), shown, codec }];
  });
}

function yamlText(value: Plain): string {
  const flow = { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 } as const;
  return stringify(value, flow).trim();
}
