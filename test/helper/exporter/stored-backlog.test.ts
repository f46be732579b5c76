import { expect, onTestFinished, test, vi } from 'vitest';
import { type RecordLog, StorageError } from '../../../src/component/storage.ts';
import { KeptError, QueueError } from '../../../src/helper/exporter/backlog.ts';
import { createBufferPool } from '../../../src/helper/exporter/buffer-pool.ts';
import { createStoredBacklog } from '../../../src/helper/exporter/stored-backlog.ts';

const item = { request: { bytes: Buffer.alloc(10), points: 3 }, end() {} };

/** A backlog on a log whose methods are given. */
function setUp(parts: Partial<RecordLog>) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const said: string[] = [];
  const say = (message: string, fields?: object) =>
    void said.push(`${message}: ${(fields as { error?: string }).error}`);
  const log: RecordLog = {
    ...{ waiting: 0, stored: { records: 0, points: 0, bytes: 0 } },
    ...{ append: async () => true, take: async () => undefined, close: async () => {} },
    ...parts,
  };
  const backlog = createStoredBacklog(log, {
    ...{ sizer: 'items', pool: createBufferPool(), labels: {} },
    logger: { debug() {}, info: say, warn: say, error: say },
  });
  return { backlog, said };
}

test('a disk that does not answer is left alone until it does', async () => {
  const answers: ((isKept: boolean) => void)[] = [];
  const { backlog } = setUp({
    append: () => new Promise((resolve) => answers.push(resolve)),
  });
  const first = expect(backlog.put([item])).rejects.toThrow(
    new QueueError('the storage does not answer'),
  );
  expect(backlog.size).toBe(3);
  await vi.advanceTimersByTimeAsync(5_000);
  await first;
  await expect(backlog.put([item])).rejects.toThrow(QueueError);
  expect(answers).toHaveLength(1);
  answers[0]?.(true);
  await vi.advanceTimersByTimeAsync(1);
  const again = backlog.put([item]);
  answers[1]?.(true);
  await again;
  expect(backlog.size).toBe(0);
});

test('what cannot be stored is refused with the reason', async () => {
  const { backlog } = setUp({ append: async () => Promise.reject(new StorageError('no room')) });
  await expect(backlog.put([item])).rejects.toThrow(new QueueError('cannot be stored: no room'));
  expect(backlog.size).toBe(0);
});

test('a disk that cannot be read is tried again after a rest; a stop does not wait for it', async () => {
  const errors = [new Error('EIO'), new Error('EIO')];
  const record = { ...item.request, remove: async () => {} };
  const { backlog, said } = setUp({
    waiting: 1,
    take: async () => {
      const error = errors.shift();
      if (error !== undefined) throw error;
      return record;
    },
  });
  expect(backlog.hasMore).toBe(true);
  const first = backlog.take();
  expect(backlog.hasMore).toBe(false);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(backlog.hasMore).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await first).toBeUndefined();
  const second = backlog.take();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await second).toBeUndefined();
  expect((await backlog.take())?.request).toBe(record);
  expect(said).toEqual([
    'What is stored cannot be read: EIO',
    'What is stored can be read again: undefined',
  ]);
  errors.push(new Error('EIO'));
  const last = backlog.take();
  await vi.advanceTimersByTimeAsync(1);
  backlog.stop();
  expect(await last).toBeUndefined();
  expect(backlog.hasMore).toBe(false);
});

test('what was sent or dropped is removed, what is kept is not', async () => {
  let removed = 0;
  const remove = async () => {
    removed++;
    if (removed > 2) throw new Error('EROFS');
  };
  const { backlog, said } = setUp({ take: async () => ({ ...item.request, remove }) });
  const end = async (error?: unknown) => (await backlog.take())?.end(error);
  await end(new KeptError());
  expect(removed).toBe(0);
  await end();
  await end(new Error('refused'));
  expect(removed).toBe(2);
  await end();
  expect(said).toEqual(['What was sent cannot be removed: the next start sends it again: EROFS']);
});
