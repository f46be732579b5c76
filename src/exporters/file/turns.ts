import { setTimeout as sleep } from 'node:timers/promises';
import { createTurns } from '../../helper/in-turn.ts';

/** Works that are done one after another, whatever becomes of each. */
export interface BoundedTurns {
  /**
   * Resolves when the work is done, and rejects as it does; rejects too when that takes longer than
   * the bound, and at once while an earlier work is that late. What was begun goes on.
   */
  take(work: () => Promise<void>): Promise<void>;
  /** True while a work is late. */
  readonly isStuck: boolean;
}

/** Makes them; `stuck` is what is said of a work that takes longer than `millis`. */
export function createBoundedTurns(millis: number, stuck: string): BoundedTurns {
  const inTurn = createTurns();
  let isStuck = false;
  return {
    take,
    get isStuck() {
      return isStuck;
    },
  };

  async function take(work: () => Promise<void>): Promise<void> {
    if (isStuck) throw new Error(stuck);
    const done = inTurn(work);
    const end = new AbortController();
    const bound = sleep(millis, true, { signal: end.signal }).catch(() => false);
    try {
      if (!(await Promise.race([done.then(() => false), bound]))) return;
    } finally {
      end.abort();
    }
    isStuck = true;
    // Behind what came meanwhile too.
    void inTurn(async () => {
      isStuck = false;
    });
    throw new Error(stuck);
  }
}
