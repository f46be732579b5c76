import { ConfigError } from '../../errors.ts';
import type { Config } from './config.ts';

/** In bytes: over `soft` data is refused, over `hard` garbage is collected at once. */
export interface Limits {
  readonly soft: number;
  readonly hard: number;
}

const MEBIBYTE = 2 ** 20;
const SPIKE_SHARE = 0.2;

/** Reads the options; `path` is their key. `totalBytes` is what percentages are of. */
export function limitsOf(config: Config, path: string, totalBytes: number): Limits {
  if (config.check_interval <= 0) {
    throw new ConfigError(`${path}::check_interval`, "must be greater than zero, such as '1s'");
  }
  const isAbsolute = config.limit_mib > 0;
  if (!isAbsolute && config.limit_percentage === 0) {
    throw new ConfigError(path, "'limit_mib' or 'limit_percentage' must be greater than zero");
  }
  const hard = isAbsolute
    ? config.limit_mib * MEBIBYTE
    : (config.limit_percentage / 100) * totalBytes;
  const spike = isAbsolute
    ? config.spike_limit_mib * MEBIBYTE
    : (config.spike_limit_percentage / 100) * totalBytes;
  if (spike >= hard) {
    const [key, limit] = isAbsolute
      ? ['spike_limit_mib', 'limit_mib']
      : ['spike_limit_percentage', 'limit_percentage'];
    throw new ConfigError(`${path}::${key}`, `must be smaller than '${limit}'`);
  }
  return { hard, soft: hard - (spike || hard * SPIKE_SHARE) };
}
