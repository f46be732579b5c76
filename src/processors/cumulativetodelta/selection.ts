import { textTest } from '../../helper/processor/text-test.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import type { Config } from './config.ts';

/** Tells which metrics are converted; `path` is the processor's key. Throws ConfigError. */
export function createSelection(
  { include, exclude }: Pick<Config, 'include' | 'exclude'>,
  path: string,
): (descriptor: Descriptor) => boolean {
  const included = namesOf(include, `${path}::include::metrics`);
  const excluded = namesOf(exclude, `${path}::exclude::metrics`);
  return ({ name, type, monotonic, temporality }) => {
    const isCounter = type === 'histogram' || (type === 'sum' && monotonic);
    if (!isCounter || temporality !== 'cumulative') return false;
    const isOf = (types: readonly string[]) => types.includes(type);
    const isIncluded =
      (include.metrics.length === 0 || included(name)) &&
      (include.metric_types.length === 0 || isOf(include.metric_types));
    return isIncluded && !excluded(name) && !isOf(exclude.metric_types);
  };
}

function namesOf(side: Config['include'], path: string): (name: string) => boolean {
  const tests = side.metrics.map((text) => textTest(side.match_type, text, path));
  return (name) => tests.some((test) => test(name));
}
