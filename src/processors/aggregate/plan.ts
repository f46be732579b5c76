import { DERIVED } from '../../catalog/derived.ts';
import { glob } from '../../confmap/formats.ts';
import { ConfigError } from '../../errors.ts';
import type { Descriptor } from '../../pdata/descriptor.ts';
import type { Config } from './config.ts';
import { FUNCTIONS, last, timeWeightedMean } from './functions.ts';
import type { Plan } from './window.ts';

type How = Config['default'];

const GLOB = glob();

const USAGE_SOURCE = 'container_cpu_usage_seconds_total';

/**
 * Checks the rules and gives the plan of each metric; `path` is the processor's key. `senseless` is
 * told of sums for which a rule asks in vain. Throws ConfigError.
 */
export function createPlanner(
  config: Config,
  path: string,
  senseless: (descriptor: Descriptor) => void,
): (descriptor: Descriptor) => Plan {
  const { rules, default: rest, metrics } = config;
  const derives = metrics[DERIVED.container_cpu_usage_cores.name]?.enabled === true;
  checkHow(rest, `${path}::default`);
  const tests = rules.map((how, i) => {
    if (how.metrics.length === 0 || how.metrics.includes('')) {
      throw new ConfigError(
        `${path}::rules::${i}::metrics`,
        'needs globs, such as container_cpu_*',
      );
    }
    checkHow(how, `${path}::rules::${i}`);
    return { how, globs: how.metrics.map((each) => GLOB.parse(each)) };
  });
  const known = new WeakMap<Descriptor, Plan>();
  return (descriptor) => {
    const plan = known.get(descriptor) ?? planOf(descriptor);
    known.set(descriptor, plan);
    return plan;
  };

  function planOf(descriptor: Descriptor): Plan {
    const { name, type, monotonic, temporality, valueType } = descriptor;
    const how = tests.find(({ globs }) => globs.some((each) => each.matches(name)))?.how ?? rest;
    const isNumber = type === 'sum' || type === 'gauge';
    const isDelta = temporality === 'delta';
    const isCumulative = type === 'sum' ? monotonic && !isDelta : type !== 'gauge';
    return {
      samples: isNumber ? how.samples : 1,
      aggregate: isNumber ? aggregateOf(how, descriptor) : last,
      ...{ isCumulative, isDelta, isInt: valueType === 'int' },
      givesUsage: derives && name === USAGE_SOURCE && type === 'sum' && isCumulative,
    };
  }

  function aggregateOf(how: How, descriptor: Descriptor): Plan['aggregate'] {
    const isSum = descriptor.type === 'sum';
    if (how.function === 'sum' && isSum) {
      senseless(descriptor);
      return last;
    }
    return how.time_weighted && !isSum ? timeWeightedMean : FUNCTIONS[how.function];
  }
}

function checkHow(how: How, path: string): void {
  if (how.time_weighted && how.function !== 'mean') {
    throw new ConfigError(`${path}::time_weighted`, `is for function: mean, not ${how.function}`);
  }
}
