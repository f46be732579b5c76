import type { Registry } from '../component/factory.ts';
import { type Conf, isMap, subtree } from '../confmap/conf.ts';
import { decode } from '../confmap/decode.ts';
import { faultLines } from '../confmap/faults.ts';
import { ConfigError } from '../errors.ts';
import { CONFIG, decodeService, SECTIONS } from './config.ts';
import { type Resolved, resolveComponent } from './registry.ts';

/** Everything that a configuration says, decoded; components by section and id. */
export interface Decoded {
  readonly service: unknown;
  readonly components: ReadonlyMap<keyof Registry, readonly Resolved<unknown>[]>;
}

/** Decodes the whole configuration. Throws one ConfigError with a line for each fault in it. */
export function decodeAll(conf: Conf, registry: Registry): Decoded {
  const faults: string[] = [];
  const service = attempt(() => decode(CONFIG, conf).service)[0];
  const components = new Map(SECTIONS.map((section) => [section, componentsOf(section)]));
  if (faults.length === 0) return { service, components };
  throw new ConfigError('', faultLines(faults), { stage: 'decode' });

  function componentsOf(section: keyof Registry): Resolved<unknown>[] {
    const { value } = subtree(conf, [section]);
    const ids = Object.keys(isMap(value) ? value : {});
    return ids.flatMap((id) => attempt(() => resolveComponent(registry, conf, section, id)));
  }

  function attempt<T>(make: () => T): T[] {
    try {
      return [make()];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(error.message);
      return [];
    }
  }
}

/** Throws one ConfigError with every fault that decoding finds, else with every wrong reference. */
export function checkConfig(conf: Conf, registry: Registry): void {
  decodeAll(conf, registry);
  decodeService(conf);
}
