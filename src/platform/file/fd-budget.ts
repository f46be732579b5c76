import { readFileSync } from 'node:fs';

const DEFAULT_MAXIMUM = 8192;

/** How many descriptors may be kept open. A kept, once read one costs about 4.5 kB of kernel memory. */
export interface FdBudget {
  readonly limit: number;
  readonly used: number;
  take(): boolean;
  release(): void;
}

/** Makes a budget of `limit` descriptors. */
export function createFdBudget(limit: number): FdBudget {
  let used = 0;
  return {
    limit,
    get used() {
      return used;
    },
    take() {
      if (used >= limit) return false;
      used++;
      return true;
    },
    release() {
      used--;
    },
  };
}

/** A quarter of the hard limit of open files (proc(5), /proc/self/limits), at most 8,192. */
export function defaultFdLimit(): number {
  const line = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
  const hard = line === null ? 1024 : Number(line[1]);
  return Math.min(DEFAULT_MAXIMUM, Math.floor(hard / 4));
}
