import { createTurns } from '../in-turn.ts';
import { type Backlog, type Item, sizeBy } from './backlog.ts';
import type { BatchConfig } from './batch-config.ts';

/** Takes what is sent in one request out of a backlog. */
export interface Gatherer {
  /** Whether there is something to begin with. */
  readonly hasMore: boolean;
  /** What goes into the next request; nothing where there is nothing. */
  next(): Promise<readonly Item[]>;
  /** Something came into the backlog. */
  arrived(): void;
  /** Nothing is waited for any more. */
  close(): void;
}

/** Each request as it is. */
export function createSingles(backlog: Backlog): Gatherer {
  return {
    get hasMore() {
      return backlog.hasMore;
    },
    async next() {
      const item = await backlog.take();
      return item === undefined ? [] : [item];
    },
    arrived() {},
    close() {},
  };
}

/**
 * Requests put together up to `min_size`, or what came within `flush_timeout` of the first; never
 * more than `max_size`, nor than `maxBytes`, unless one alone is.
 */
export function createGatherer(backlog: Backlog, config: BatchConfig, maxBytes: number): Gatherer {
  const { min_size: minSize, max_size: maxSize, flush_timeout: flushTimeout } = config;
  const inTurn = createTurns();
  /** Taken, but too large for what was gathered. */
  let carried: Item | undefined;
  let isClosed = false;
  let wake = () => {};
  return {
    get hasMore() {
      return carried !== undefined || backlog.hasMore;
    },
    next: () => inTurn(gather),
    arrived: () => wake(),
    close() {
      isClosed = true;
      wake();
    },
  };

  async function gather(): Promise<readonly Item[]> {
    const items: Item[] = [];
    let [size, bytes, deadline] = [0, 0, 0];
    for (;;) {
      const item = carried ?? (await backlog.take());
      carried = undefined;
      if (item === undefined) {
        const left = deadline - performance.now();
        if (items.length === 0 || isClosed || left <= 0) return items;
        if (!backlog.hasMore) await arrival(left);
        continue;
      }
      const { request } = item;
      size += sizeBy(config.sizer, request);
      bytes += request.bytes.length;
      if (items.length > 0 && ((maxSize > 0 && size > maxSize) || bytes > maxBytes)) {
        carried = item;
        return items;
      }
      if (items.length === 0) deadline = performance.now() + flushTimeout;
      items.push(item);
      if (size >= minSize) return items;
    }
  }

  async function arrival(millis: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    const timer = setTimeout(resolve, millis);
    await promise;
    clearTimeout(timer);
  }
}
