import type { LogsConfig } from './config.ts';

/** Longer messages are not counted: they hold data, so that no two are equal. */
const MAX_MESSAGE = 200;
const MAX_MESSAGES = 4096;

/**
 * Tells whether a line is logged, as zap does it: of the lines with one level and message within a
 * tick the first `initial`, then each `thereafter`-th.
 */
export function createSampling(
  config: LogsConfig['sampling'] | undefined,
): (level: string, message: string) => boolean {
  if (!config?.enabled) return () => true;
  const { tick, initial, thereafter } = config;
  const counts = new Map<string, number>();
  let end = performance.now() + tick;
  return (level, message) => {
    if (message.length > MAX_MESSAGE) return true;
    const now = performance.now();
    if (now >= end || counts.size >= MAX_MESSAGES) {
      counts.clear();
      end = now + tick;
    }
    const key = `${level} ${message}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count <= initial) return true;
    return thereafter > 0 && (count - initial) % thereafter === 0;
  };
}
