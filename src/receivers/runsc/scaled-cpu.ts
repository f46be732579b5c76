import type { KeptScaled } from './kept-cpu.ts';

/**
 * Makes counters of the CPU figures of `runsc events`, in ns. Each is a share of what the cgroup of the
 * whole sandbox used since its start, so it goes back as the shares move, and the share of a
 * container that ends falls to the others.
 */
export interface ScaledCpu {
  /** Takes the figures of all running containers, read at `now` (ms of any steady clock). */
  add(figures: ReadonlyMap<string, number>, now: number): ReadonlyMap<string, number>;
  /** What another can go on from. */
  kept(): KeptScaled;
}

interface Counter {
  /** The highest figure that was credited or taken as the new base. */
  mark: number;
  total: number;
}

const NANOS_PER_MILLI = 1e6;

/**
 * `cores` bounds what can be used in a time. Where it goes on from what was kept, what was used until
 * its first figures is left out: nobody saw which containers ended meanwhile.
 */
export function createScaledCpu(cores: () => number, from?: KeptScaled): ScaledCpu {
  let counters = new Map<string, Counter>(
    from?.counters.map(([id, mark, total]) => [id, { mark, total }]),
  );
  let lastSum = 0;
  /** Nothing is credible before the first figures. */
  let lastTime = Number.POSITIVE_INFINITY;
  return { add, kept };

  function kept(): KeptScaled {
    return {
      kind: 'scaled',
      counters: [...counters].map(([id, { mark, total }]) => [id, mark, total]),
    };
  }

  function add(figures: ReadonlyMap<string, number>, now: number): ReadonlyMap<string, number> {
    const possible = (now - lastTime) * cores() * NANOS_PER_MILLI;
    const sum = [...figures.values()].reduce((total, figure) => total + figure, 0);
    const isSameSet =
      figures.size === counters.size && [...figures.keys()].every((id) => counters.has(id));
    // A container that ended between two of the reads shows as a sum that nothing could have used.
    const isCredible = isSameSet && sum - lastSum <= possible;
    const next = new Map<string, Counter>();
    for (const [id, figure] of figures) {
      const known = counters.get(id) ?? { mark: figure, total: figure };
      if (isCredible) {
        known.total += Math.min(Math.max(0, figure - known.mark), possible);
        known.mark = Math.max(known.mark, figure);
      } else known.mark = figure;
      next.set(id, known);
    }
    counters = next;
    lastSum = sum;
    lastTime = now;
    return new Map([...counters].map(([id, { total }]) => [id, total]));
  }
}
