import type { Conf } from '../confmap/conf.ts';
import { resolve } from '../confmap/resolve.ts';
import { defaultConfig } from '../distribution/assets.ts';
import { COMPONENTS } from '../distribution/components.ts';
import { checkConfig } from '../service/check.ts';
import { trimIds } from '../service/ids.ts';
import { createLogger } from '../service/telemetry.ts';
import { APPEND_LISTS, parseGates } from './feature-gates.ts';

const BUILT_IN = '(built in) otel-collector.yaml';

/** What the command line says of the configuration. */
export interface LoadOptions {
  readonly config?: readonly string[];
  readonly set?: readonly string[];
  readonly featureGates?: string;
}

/** Reads, merges and expands the configuration. Throws ConfigError. */
export function readConfig(options: LoadOptions): Conf {
  const conf = resolve(options.config ?? [BUILT_IN], options.set ?? [], {
    env: process.env,
    builtIn: { [BUILT_IN]: defaultConfig() },
    appendLists: parseGates(options.featureGates ?? '').has(APPEND_LISTS),
    warn: (message) => createLogger('info').warn(message),
  });
  return trimIds(conf);
}

/** As readConfig, and tells all faults of the configuration at once. */
export function loadConfig(options: LoadOptions): Conf {
  const conf = readConfig(options);
  checkConfig(conf, COMPONENTS);
  return conf;
}
