import { statSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import type { RecordLog } from '../../../src/component/storage.ts';
import { makeStorage } from './made.ts';

const HOST = {} as never;
export const isRoot = process.getuid?.() === 0;
export const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

/** One that is started, and stopped after the test. */
export async function startStorage(yaml: string) {
  const made = makeStorage(yaml);
  await made.storage.start(HOST);
  const { openLog, shutdown } = made.storage;
  const logs: RecordLog[] = [];
  onTestFinished(async () => {
    for (const log of logs) await log.close();
    await shutdown();
  });
  const opening: typeof openLog = async (owner) => {
    const log = await openLog(owner);
    logs.push(log);
    return log;
  };
  return { ...made, storage: { ...made.storage, openLog: opening } };
}
