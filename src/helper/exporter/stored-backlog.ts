import type { RecordLog } from '../../component/storage.ts';
import type { Logger } from '../../component/telemetry.ts';
import { createLogOnce } from '../log-once.ts';
import { type Backlog, type Item, KeptError, QueueError, sizeBy } from './backlog.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { QueueConfig } from './options.ts';

/** What a stored backlog works with. */
interface StoredBacklogSettings {
  readonly sizer: QueueConfig['sizer'];
  /** Where requests are encoded, and read. */
  readonly pool: BufferPool;
  readonly logger: Logger;
  readonly labels: Readonly<Record<string, string>>;
}

/** How long a sender waits for a disk that does not answer. */
const WAIT_MILLIS = 5_000;
/** How long a disk that cannot be read is left alone. */
const REST_MILLIS = 5_000;

/** Requests that wait in a log and outlive the process; few of them are in memory. */
export function createStoredBacklog(log: RecordLog, settings: StoredBacklogSettings): Backlog {
  const { sizer, pool, logger, labels } = settings;
  const said = createLogOnce(logger);
  const stopped = new AbortController();
  /** What is being written. */
  let adding = 0;
  let taking = 0;
  let isStuck = false;
  return {
    put,
    take,
    stop: () => stopped.abort(),
    close: () => log.close(),
    get size() {
      const { records, points, bytes } = log.stored;
      return adding + { requests: records, items: points, bytes }[sizer];
    },
    get hasMore() {
      return !stopped.signal.aborted && log.waiting > taking;
    },
  };

  async function put(items: readonly Item[]): Promise<void> {
    if (isStuck) throw new QueueError(STUCK);
    const requests = items.map(({ request }) => request);
    const size = requests.reduce((sum, request) => sum + sizeBy(sizer, request), 0);
    adding += size;
    const appending = log.append(requests).finally(() => {
      adding -= size;
      isStuck = false;
    });
    const isKept = await inTime(appending);
    if (!isKept) for (const { bytes } of requests) pool.give(bytes);
  }

  /** What takes longer may still be stored and sent later; it is refused nevertheless. */
  async function inTime(appending: Promise<boolean>): Promise<boolean> {
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(late.resolve, WAIT_MILLIS, 'late');
    try {
      const first = await Promise.race([appending, late.promise]);
      if (first !== 'late') return first;
    } catch (error) {
      throw new QueueError(`cannot be stored: ${(error as Error).message}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
    isStuck = true;
    appending.catch(() => {});
    throw new QueueError(STUCK);
  }

  async function take(): Promise<Item | undefined> {
    taking++;
    try {
      const record = await log.take(pool.take);
      said.recovered('read', 'What is stored can be read again', labels);
      if (record === undefined) return undefined;
      const end = (error?: unknown) => (error instanceof KeptError ? undefined : remove(record));
      return { request: record, end };
    } catch (error) {
      tell('read', 'What is stored cannot be read', error);
      await rest();
      return undefined;
    } finally {
      taking--;
    }
  }

  async function rest(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, REST_MILLIS);
    stopped.signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
  }

  async function remove(record: { remove(): Promise<void> }): Promise<void> {
    try {
      await record.remove();
      said.recovered('remove', 'What was sent can be removed again', labels);
    } catch (error) {
      tell('remove', 'What was sent cannot be removed: the next start sends it again', error);
    }
  }

  function tell(key: string, message: string, error: unknown): void {
    said.trouble(key, message, { ...labels, error: (error as Error).message });
  }
}

const STUCK = 'the storage does not answer';
