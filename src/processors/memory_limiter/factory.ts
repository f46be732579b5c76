import { totalmem } from 'node:os';
import type { ProcessorFactory } from '../../component/factory.ts';
import { CONFIG, type Config } from './config.ts';
import { limitsOf } from './limits.ts';
import { METADATA } from './metadata.ts';
import { createMemoryLimiter } from './processor.ts';

/** Makes memory_limiter processors. */
export const memoryLimiter: ProcessorFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create(settings, config, next) {
    const limits = limitsOf(config, `processors::${settings.id.text}`, availableBytes());
    return createMemoryLimiter(settings, { ...limits, checkMillis: config.check_interval }, next);
  },
};

/** What the cgroup of the agent allows, where it is less than the host has. */
function availableBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
