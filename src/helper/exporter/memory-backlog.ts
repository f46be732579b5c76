import { type Backlog, type Item, sizeBy } from './backlog.ts';
import type { QueueConfig } from './options.ts';

/** Requests that wait in memory, and end with the process. */
export function createMemoryBacklog(sizer: QueueConfig['sizer']): Backlog {
  const items: Item[] = [];
  let size = 0;
  let taken = 0;
  /** The turn of what is being sent. */
  let current: number | undefined;
  return {
    put,
    take,
    stop() {},
    async close() {},
    get size() {
      return size;
    },
    get hasMore() {
      const [next] = items;
      return next !== undefined && (taken === 0 || next.request.turn === current);
    },
  };

  async function put(added: readonly Item[]): Promise<void> {
    for (const item of added) {
      size += sizeBy(sizer, item.request);
      items.push(item);
    }
  }

  async function take(): Promise<Item | undefined> {
    const item = items.shift();
    if (item === undefined) return undefined;
    const { request } = item;
    taken++;
    current = request.turn;
    return {
      request,
      end(error) {
        taken--;
        size -= sizeBy(sizer, request);
        return item.end(error);
      },
    };
  }
}
