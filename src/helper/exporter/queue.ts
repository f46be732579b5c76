import type { QueueConfig } from './options.ts';
import type { ExportRequest } from './request.ts';

/** Requests that wait for one of a fixed number of consumers. */
export interface SendingQueue {
  /**
   * Adds requests of one batch, all or none. Resolves when they are in, or with `wait_for_result` when
   * they were sent. Rejects when there is no room for them.
   */
  add(requests: readonly ExportRequest[]): Promise<void>;
  /** What waits and is being sent, and how much there may be, by the sizer. */
  readonly size: number;
  /** Takes nothing more and resolves once the consumers have emptied it. */
  close(): Promise<void>;
}

/** There is no room, or no more is taken: what was to be added is lost. */
export class QueueError extends Error {}

interface Item {
  readonly request: ExportRequest;
  readonly size: number;
  done(error?: unknown): void;
}

/**
 * Makes the queue; `consume` sends one request and never rejects for good without reporting it.
 * `resized` is told each new size.
 */
export function createSendingQueue(
  config: QueueConfig,
  consume: (request: ExportRequest) => Promise<void>,
  resized: (size: number) => void = () => {},
): SendingQueue {
  const items: Item[] = [];
  const blocked: (() => void)[] = [];
  let size = 0;
  let busy = 0;
  let isClosed = false;
  let emptied = () => {};
  return {
    add,
    close,
    get size() {
      return size;
    },
  };

  async function add(requests: readonly ExportRequest[]): Promise<void> {
    const sizes = requests.map(sizeOf);
    const total = sizes.reduce((sum, each) => sum + each, 0);
    if (total > config.queue_size)
      throw new QueueError('the batch is larger than the sending queue');
    while (size + total > config.queue_size) {
      if (!config.block_on_overflow || isClosed) throw new QueueError('sending queue is full');
      await new Promise<void>((resolve) => blocked.push(resolve));
    }
    if (isClosed) throw new QueueError('sending queue is stopped');
    resize(total);
    const results = requests.map(
      (request, i) =>
        new Promise<void>((resolve, reject) => {
          const done = (error?: unknown) => (error === undefined ? resolve() : reject(error));
          items.push({ request, size: sizes[i] as number, done });
        }),
    );
    const all = Promise.all(results);
    all.catch(() => {});
    pump();
    if (config.wait_for_result) await all;
  }

  function pump(): void {
    while (busy < config.num_consumers && items.length > 0) {
      busy++;
      void work(items.shift() as Item);
    }
    if (busy === 0 && items.length === 0) emptied();
  }

  async function work(item: Item): Promise<void> {
    try {
      await consume(item.request);
      item.done();
    } catch (error) {
      item.done(error);
    }
    busy--;
    resize(-item.size);
    for (const wake of blocked.splice(0)) wake();
    pump();
  }

  async function close(): Promise<void> {
    isClosed = true;
    for (const wake of blocked.splice(0)) wake();
    if (busy === 0 && items.length === 0) return;
    await new Promise<void>((resolve) => {
      emptied = resolve;
    });
  }

  function resize(by: number): void {
    size += by;
    resized(size);
  }

  function sizeOf({ bytes, points }: ExportRequest): number {
    if (config.sizer === 'items') return points;
    return config.sizer === 'bytes' ? bytes.length : 1;
  }
}
