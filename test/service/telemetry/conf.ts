import type { Conf } from '../../../src/confmap/conf.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';

/** A section of YAML. */
export function conf(yaml: string): Conf {
  return confOf(parseYaml(yaml, 'test'));
}
