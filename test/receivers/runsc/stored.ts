import { join } from 'node:path';
import type { RecordLog, Storage } from '../../../src/component/storage.ts';
import { makeStorage } from '../../extensions/file_storage/made.ts';
import type { SandboxDouble } from '../../support/runsc/double.ts';
import type { Held } from '../../support/runsc/held.ts';

const OWNER = { name: 'receiver_runsc', format: 'json', lost() {} };

/** A storage in whose logs something is changed. */
export function wrapLog(
  change: (log: RecordLog) => Partial<RecordLog>,
): (storage: Storage) => Storage {
  return (storage) => ({
    ...storage,
    openLog: async (owner) => {
      const log = await storage.openLog(owner);
      const { append, take, close } = log;
      return { ...{ waiting: 0, stored: log.stored, append, take, close }, ...change(log) };
    },
  });
}

/** What is in the receiver's log, oldest first. */
export async function recordsIn(directory: string): Promise<string[]> {
  const { storage } = makeStorage(`{directory: ${directory}}`);
  await storage.start({} as never);
  const log = await storage.openLog(OWNER);
  const texts: string[] = [];
  for (;;) {
    const record = await log.take(Buffer.alloc);
    if (record === undefined) break;
    texts.push(record.bytes.toString());
  }
  await log.close();
  await storage.shutdown();
  return texts;
}

/** Puts records into it. */
export async function store(directory: string, ...texts: string[]): Promise<void> {
  const { storage } = makeStorage(`{directory: ${directory}, create_directory: true}`);
  await storage.start({} as never);
  const log = await storage.openLog(OWNER);
  for (const text of texts) await log.append([{ bytes: Buffer.from(text), points: 0 }]);
  await log.close();
  await storage.shutdown();
}

/** Where agents store. */
export const kept = (held: Held) => join(held.folder, 'kept');
/** Ids of its containers by name. */
export const ids = ({ containers }: SandboxDouble) => ({
  a: containers.a?.id ?? '',
  b: containers.b?.id ?? '',
});
