import type { Logger } from '../component/telemetry.ts';

/** Says each trouble once, and once more when it is over. */
export interface LogOnce {
  /** Says `message` unless the trouble named `key` was said and has not ended. */
  trouble(key: string, message: string, fields?: Record<string, unknown>): void;
  /** Ends a trouble; says so if it had been said. */
  recovered(key: string, message: string, fields?: Record<string, unknown>): void;
  /** What was in trouble is gone. */
  forget(key: string): void;
}

const MAX_TROUBLES = 1000;

/** Makes the memory of what was said, bounded to 1,000 troubles. */
export function createLogOnce(logger: Logger): LogOnce {
  const said = new Set<string>();
  return {
    trouble(key, message, fields) {
      if (said.has(key) || said.size >= MAX_TROUBLES) return;
      said.add(key);
      logger.warn(message, fields);
    },
    recovered(key, message, fields) {
      if (said.delete(key)) logger.info(message, fields);
    },
    forget: (key) => said.delete(key),
  };
}
