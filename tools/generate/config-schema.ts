import type { Registry } from '../../src/component/factory.ts';
import { descriptionOf, type JsonSchema } from '../../src/confmap/json-schema.ts';
import { CONFIG } from '../../src/service/config.ts';

/**
 * The JSON Schema of one configuration file. Nothing is required, since files may be merged;
 * references from pipelines to components are not checked.
 */
export function createConfigSchema(registry: Registry): JsonSchema {
  const { schema, keys = {} } = descriptionOf(CONFIG);
  const sections = Object.entries(registry).map(([section, factories]) => {
    const base = descriptionOf(keys[section] as object).schema;
    return [section, { ...base, ...componentsOf(factories) }];
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of sandgauge',
    type: ['object', 'null'],
    properties: { ...(schema.properties as object), ...Object.fromEntries(sections) },
    additionalProperties: false,
  };
}

/** The part of an id after its type. */
const NAME = String.raw`(/[^\p{Z}\p{C}\p{S}]{1,1024})?`;

function componentsOf(factories: readonly Registry[keyof Registry][number][]) {
  const patterns = factories.map(({ metadata, config }) => {
    const { schema } = descriptionOf(config);
    const types = [metadata.type, ...(metadata.aliases ?? [])].join('|');
    return [`^(${types})${NAME}$`, { description: metadata.summary, ...schema }];
  });
  return { patternProperties: Object.fromEntries(patterns), additionalProperties: false };
}
