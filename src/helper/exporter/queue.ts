import { type Backlog, QueueError, sizeBy } from './backlog.ts';
import type { Gatherer } from './gather.ts';
import type { QueueConfig } from './options.ts';
import type { ExportRequest } from './request.ts';

/** Requests that wait for one of a fixed number of consumers. */
export interface SendingQueue {
  /**
   * Adds requests of one batch, all or none. Resolves when they are in, or with `wait_for_result` when
   * they were sent. Rejects with a QueueError when they are not taken.
   */
  add(requests: readonly ExportRequest[]): Promise<void>;
  /** What waits and is being sent, and how much there may be, by the sizer. */
  readonly size: number;
  /** Takes nothing more and resolves once nothing is being sent, and what memory has was. */
  close(): Promise<void>;
}

/** What a queue is made of. */
export interface QueueParts {
  readonly backlog: Backlog;
  readonly gatherer: Gatherer;
  /** Sends what was gathered as one request; never rejects for good without reporting it. */
  consume(requests: readonly ExportRequest[]): Promise<void>;
  /** Told of each new size. */
  resized?(size: number): void;
}

/** Makes the queue, and begins with what is in the backlog. */
export function createSendingQueue(config: QueueConfig, parts: QueueParts): SendingQueue {
  const { backlog, gatherer, consume, resized } = parts;
  const blocked: (() => void)[] = [];
  let busy = 0;
  let isClosed = false;
  let emptied = () => {};
  let told: number | undefined;
  tellSize();
  pump();
  return {
    add,
    close,
    get size() {
      return backlog.size;
    },
  };

  async function add(requests: readonly ExportRequest[]): Promise<void> {
    const total = requests.reduce((sum, each) => sum + sizeBy(config.sizer, each), 0);
    if (total > config.queue_size)
      throw new QueueError('the batch is larger than the sending queue');
    while (backlog.size + total > config.queue_size) {
      if (!config.block_on_overflow || isClosed) throw new QueueError('sending queue is full');
      await new Promise<void>((resolve) => blocked.push(resolve));
    }
    if (isClosed) throw new QueueError('sending queue is stopped');
    const ends = requests.map(() => Promise.withResolvers<void>());
    const all = Promise.all(ends.map(({ promise }) => promise));
    all.catch(() => {});
    const putting = backlog.put(
      requests.map((request, i) => ({
        request,
        end: (error) => (error === undefined ? ends[i]?.resolve() : ends[i]?.reject(error)),
      })),
    );
    tellSize();
    await putting.finally(tellSize);
    gatherer.arrived();
    pump();
    if (config.wait_for_result) await all;
  }

  function tellSize(): void {
    if (backlog.size === told) return;
    told = backlog.size;
    resized?.(told);
  }

  function pump(): void {
    while (busy < config.num_consumers && gatherer.hasMore) {
      busy++;
      void work();
    }
    if (busy === 0 && !gatherer.hasMore) emptied();
  }

  async function work(): Promise<void> {
    const items = await gatherer.next();
    let failure: unknown;
    try {
      if (items.length > 0) await consume(items.map(({ request }) => request));
    } catch (error) {
      failure = error;
    }
    await Promise.all(items.map((item) => item.end(failure)));
    busy--;
    tellSize();
    for (const wake of blocked.splice(0)) wake();
    pump();
  }

  async function close(): Promise<void> {
    isClosed = true;
    for (const wake of blocked.splice(0)) wake();
    const empty = new Promise<void>((resolve) => {
      emptied = resolve;
    });
    backlog.stop();
    gatherer.close();
    pump();
    await empty;
    await backlog.close();
  }
}
