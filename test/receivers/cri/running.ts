import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cri } from '../../../src/receivers/cri/factory.ts';
import { handlersOf, type ToldPod } from '../../support/cri/node.ts';
import { type CriDouble, startCriDouble } from '../../support/cri/server.ts';
import { type Observed, type Row, runObserved } from '../../support/observed.ts';

/** A receiver, an observer, and a double of the runtime that it asks. */
export interface Running {
  readonly double: CriDouble;
  readonly observed: Observed;
}

/** Where a node's runtimes are in a test. */
export interface Folder {
  readonly path: string;
  readonly socket: string;
  remove(): void;
}

const stops: (() => unknown)[] = [];

/** Stops all that a test started. */
export async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).reverse()) await stop();
}

/** A folder that is removed at the end. */
export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'sandgauge-crir-'));
  const remove = () => rmSync(path, { recursive: true, force: true });
  stops.push(remove);
  return { path, socket: join(path, 'runtime.sock'), remove };
}

/** Starts a double. */
export async function startDouble(
  { socket }: Folder,
  pods: readonly ToldPod[],
): Promise<CriDouble> {
  const double = await startCriDouble(socket, handlersOf(pods));
  stops.push(double.stop);
  return double;
}

/** Starts a receiver whose runtime may not be there. */
export async function startReceiver(
  { path, socket }: Folder,
  yaml = '',
  now: () => number = Date.now,
): Promise<Observed> {
  const root = `root_path: ${path}`;
  const observed = await runObserved(
    {
      factory: cri,
      // The path is below the root.
      receiver: `${root}\ncri_socket: ${socket.slice(path.length)}\n${yaml}`,
      observer: root,
    },
    now,
  );
  stops.push(() => observed.shutdown());
  return observed;
}

/** Starts both. */
export async function runCri(pods: readonly ToldPod[], yaml = ''): Promise<Running> {
  const folder = makeFolder();
  const double = await startDouble(folder, pods);
  return { double, observed: await startReceiver(folder, yaml) };
}

/** Values of a metric by container name; '' is a sandbox. */
export function byContainer(rows: readonly Row[], metric: string): Record<string, number> {
  const found = rows.filter((row) => row.metric === metric && row.labels.name !== '');
  return Object.fromEntries(found.map(({ labels, value }) => [labels.container, value]));
}
