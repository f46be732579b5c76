import type * as z from 'zod/mini';
import type { Metadata, Registry } from '../component/factory.ts';
import type { ComponentId } from '../component/id.ts';
import { parseComponentId } from '../component/id.ts';
import type { Conf } from '../confmap/conf.ts';
import { subtree } from '../confmap/conf.ts';
import { decode } from '../confmap/decode.ts';
import { fault } from './config.ts';

/** A component's factory with its id and decoded options. */
export interface Resolved<Factory> {
  readonly id: ComponentId;
  readonly factory: Factory;
  readonly config: unknown;
}

type Section = keyof Registry;

interface AnyFactory {
  readonly metadata: Metadata;
  readonly config: z.ZodMiniType;
}

/** Finds the factory of an id and decodes its section. Throws ConfigError with the valid types. */
export function resolveComponent<S extends Section>(
  registry: Registry,
  conf: Conf,
  section: S,
  idText: string,
): Resolved<Registry[S][number]> {
  const path = [section, idText];
  const id = parsedId(conf, path, idText);
  const factories: readonly AnyFactory[] = registry[section];
  const factory = factories.find(
    ({ metadata }) => metadata.type === id.type || metadata.aliases?.includes(id.type),
  );
  if (factory === undefined) {
    const types = factories.map(({ metadata }) => metadata.type).join(' ');
    throw fault(
      conf,
      path,
      `unknown type: "${id.type}" for id: "${idText}" (valid values: [${types}])`,
      'decode',
    );
  }
  const config = decode(factory.config, subtree(conf, path), path);
  return { id, factory: factory as Registry[S][number], config };
}

function parsedId(conf: Conf, path: readonly string[], text: string): ComponentId {
  try {
    return parseComponentId(text, '');
  } catch (error) {
    throw fault(conf, path, (error as Error).message, 'decode');
  }
}
