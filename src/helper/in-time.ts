import { setTimeout as sleep } from 'node:timers/promises';

/** True once `work` is done, false at the deadline (ms of performance.now()). Rejects as `work` does. */
export async function isInTime(work: Promise<unknown>, deadline: number): Promise<boolean> {
  const timer = new AbortController();
  const delay = Math.max(0, deadline - performance.now());
  const late = sleep(delay, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
