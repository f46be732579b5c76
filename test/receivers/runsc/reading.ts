import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Storage } from '../../../src/component/storage.ts';
import { runsc } from '../../../src/receivers/runsc/factory.ts';
import { makeStorage } from '../../extensions/file_storage/made.ts';
import { type Observed, runObserved } from '../../support/observed.ts';
import type { Held } from '../../support/runsc/held.ts';

const CPU = 'container_cpu_usage_seconds_total';

/** An agent that reads it. */
export interface Reading {
  /** A collection: the CPU of containers by name, in s. */
  read(): Promise<Record<string, number>>;
  readonly observed: Observed;
  /** What the storage said. */
  readonly stored: readonly { message: string; fields: Record<string, unknown> }[];
  stop(): Promise<void>;
}

/** How an agent is started. */
export interface ReadingOptions {
  /** Of the receiver. */
  readonly yaml?: string;
  /** Of the storage, beside its directory. */
  readonly storage?: string;
  /** Stands for a storage in which something goes wrong. */
  readonly faulty?: (storage: Storage) => Storage;
}

/** Starts one with a storage in `directory`, or with none; it is stopped after the test. */
export async function startReading(
  { folder }: Pick<Held, 'folder'>,
  directory?: string,
  { yaml = '', storage = '', faulty = (each) => each }: ReadingOptions = {},
): Promise<Reading> {
  const at = directory ?? join(folder, 'unused');
  const made = makeStorage(`{directory: ${at}, create_directory: true, ${storage}}`);
  await made.storage.start({} as never);
  const option = directory === undefined ? '' : 'storage: file_storage';
  const observed = await runObserved(
    {
      ...{ factory: runsc, observer: '', storage: faulty(made.storage) },
      receiver: `root_path: ${folder}\n${option}\n${yaml}`,
    },
    Date.now,
  );
  let isStopped = false;
  onTestFinished(stop);
  return { read, observed, stored: made.log, stop };

  async function read(): Promise<Record<string, number>> {
    const rows = (await observed.read()).filter(({ metric }) => metric === CPU);
    return Object.fromEntries(rows.map(({ labels, value }) => [labels.container, value]));
  }

  async function stop(): Promise<void> {
    if (isStopped) return;
    isStopped = true;
    await observed.shutdown();
    await made.storage.shutdown();
  }
}
