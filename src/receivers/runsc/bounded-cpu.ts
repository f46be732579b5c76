import type { KeptBounded } from './kept-cpu.ts';

/**
 * Makes counters of the CPU times that a sandbox tells of its containers, in ns. It counts ticks of
 * 10 ms in which a task could have run, so under a CPU limit or on a busy host it tells more than the
 * host gave: what all containers gained is held to what the sandbox' cgroup used in that time.
 */
export interface BoundedCpu {
  /**
   * Takes the times of all running containers and what the sandbox' cgroup has used so far, which is
   * undefined where it cannot be read: then nothing is held. Returns counters that never go back.
   */
  add(
    times: ReadonlyMap<string, number>,
    hostNanos: number | undefined,
  ): ReadonlyMap<string, number>;
  /** What another can go on from. */
  kept(): KeptBounded;
}

interface Counter {
  last: number;
  total: number;
}

/** Two ticks of each container may be told late; more than that is no matter of ticks. */
const SLACK_NANOS = 20e6;

/** Rounding of doubles. */
const TOLERANCE = 1 + 1e-9;

/**
 * Goes on from what was kept, or starts at zero on both sides: the first times then hold all since the
 * sandbox began.
 */
export function createBoundedCpu(from?: KeptBounded): BoundedCpu {
  /** Kept for the sandbox' life: one that is not told for a moment goes on where it was. */
  const counters = new Map<string, Counter>(
    from?.counters.map(([id, last, total]) => [id, { last, total }]),
  );
  let host = from?.host ?? 0;
  let slack = from?.slack ?? 0;
  return { add, kept };

  function kept(): KeptBounded {
    return {
      ...{ kind: 'bounded', host, slack },
      counters: [...counters].map(([id, { last, total }]) => [id, last, total]),
    };
  }

  function add(
    times: ReadonlyMap<string, number>,
    hostNanos: number | undefined,
  ): ReadonlyMap<string, number> {
    const before = (id: string): Counter => counters.get(id) ?? { last: 0, total: 0 };
    const rises = [...times].map(([id, time]) => Math.max(0, time - before(id).last));
    const share = shareOf(
      rises.reduce((sum, rise) => sum + rise, 0),
      hostNanos,
      times.size,
    );
    const totals = [...times].map(([id, time], i): [string, number] => {
      const total = before(id).total + (rises[i] as number) * share;
      counters.set(id, { last: time, total });
      return [id, total];
    });
    return new Map(totals);
  }

  function shareOf(sum: number, hostNanos: number | undefined, containers: number): number {
    if (hostNanos === undefined) return 1;
    const available = Math.max(0, hostNanos - host + slack);
    const used = Math.min(sum, available);
    host = hostNanos;
    slack = Math.min(available - used, SLACK_NANOS * containers);
    return sum > 0 ? used / sum : 1;
  }
}

/**
 * False where what was kept cannot be of a sandbox whose cgroup has used so much: it used more then, or
 * its containers did. A container's own time may dip, and is no sign.
 */
export function isPossible({ host, counters }: KeptBounded, hostNanos: number): boolean {
  const sum = counters.reduce((all, [, , total]) => all + total, 0);
  return Math.max(host, sum) <= hostNanos * TOLERANCE;
}
