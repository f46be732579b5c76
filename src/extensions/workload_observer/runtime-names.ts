import { type Described, describe, factsOfListed } from '../../helper/cri/describe.ts';
import { readLayer } from '../../helper/cri/layer.ts';
import { type Listed, listRunning } from '../../helper/cri/listing.ts';
import type { LayerPlaces } from '../../helper/cri/places.ts';
import { forEachOf } from '../../helper/cri/side-by-side.ts';
import type { LogOnce } from '../../helper/log-once.ts';
import type { Source } from '../../helper/source-state.ts';
import { type CriClient, CriError } from '../../platform/cri/client.ts';
import { isContainerId } from '../../platform/oci/bundle.ts';
import type { Facts } from '../../workload/facts.ts';
import type { LayerUse } from '../../workload/layer-use.ts';
import type { Workload } from '../../workload/workload.ts';
import { faultOf } from './bundles.ts';

/** What a container runtime tells over the CRI of containers that are wanted. */
export interface RuntimeNames {
  /** Asks for a container; `needsAll` tells whether its files leave something open. */
  follow(workload: Workload, needsAll: () => boolean): Followed;
  /** False while the runtime does not answer: then nobody waits for it. */
  isUsable(): boolean;
  /** What it wrote to its root file system; undefined where the runtime does not tell. */
  writtenLayer(containerId: string): Promise<LayerUse | undefined>;
  close(): Promise<void>;
}

/** One container. */
export interface Followed {
  /** Undefined while it is not known. */
  facts(): Facts | undefined;
  /** True while the runtime was not asked since, and may answer. */
  isAwaited(): boolean;
  close(): void;
}

/** What the names are asked with. */
export interface RuntimeOptions {
  readonly client: CriClient;
  /** Its state and its troubles. */
  readonly source: Source;
  readonly said: LogOnce;
  readonly places: LayerPlaces;
  /** Wall clock in ms. */
  readonly now: () => number;
}

/** Containers that start together are asked for together. */
const GATHER_MILLIS = 20;
/** Below the time for which rows wait for their names. */
const ANSWER_MILLIS = 1500;
const RETRY_MILLIS = 5000;

interface Entry extends Followed {
  readonly workload: Workload;
  isAnswered: boolean;
  listed: Listed | undefined;
  described: Described | undefined;
  /** What is taken of it. */
  known: Facts | undefined;
  needsAll(): boolean;
}

/** Makes them; without a container to look for the runtime is asked nothing. */
export function createRuntimeNames(options: RuntimeOptions): RuntimeNames {
  const { client, source, said } = options;
  const entries = new Set<Entry>();
  let timer: NodeJS.Timeout | undefined;
  let work: Promise<void> | undefined;
  let isFailing = false;
  let isClosed = false;
  return { follow, isUsable: () => !isFailing, writtenLayer, close };

  function follow(workload: Workload, needsAll: () => boolean): Followed {
    const entry: Entry = {
      ...{ workload, needsAll, isAnswered: false },
      ...{ listed: undefined, described: undefined, known: undefined },
      isAwaited: () => !entry.isAnswered && !isFailing,
      facts: () => entry.known,
      close() {
        entries.delete(entry);
        said.forget(keyOf(workload));
      },
    };
    entries.add(entry);
    if (!isFailing) schedule(GATHER_MILLIS);
    return entry;
  }

  /** A runtime that fails is asked again when names are. */
  async function writtenLayer(containerId: string): Promise<LayerUse | undefined> {
    if (isFailing || isClosed || !isContainerId(containerId)) return undefined;
    return readLayer(options, containerId, performance.now() + ANSWER_MILLIS).catch(
      () => undefined,
    );
  }

  function schedule(delay: number): void {
    if (isClosed || work !== undefined || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      work = refresh().finally(() => {
        work = undefined;
        if ([...entries].some(isOpen)) schedule(hasNew() ? GATHER_MILLIS : RETRY_MILLIS);
      });
    }, delay);
    timer.unref();
  }

  /** Such as came while the runtime was asked. */
  function hasNew(): boolean {
    return !isFailing && [...entries].some(({ isAnswered }) => !isAnswered);
  }

  async function refresh(): Promise<void> {
    const asked = [...entries].filter(isOpen);
    const deadline = performance.now() + ANSWER_MILLIS;
    try {
      const running = await listRunning(client, deadline);
      for (const entry of asked) entry.listed ??= running.get(entry.workload.containerId ?? '');
      await forEachOf(asked.filter(needsDescription), (entry) => describeEntry(entry, deadline));
      for (const entry of asked) {
        entry.isAnswered = true;
        take(entry);
      }
      succeeded();
    } catch (error) {
      if (!isClosed) failed(error as Error);
    }
  }

  /** What is not described has gone, or its runtime describes nothing. */
  async function describeEntry(entry: Entry, deadline: number): Promise<void> {
    const listed = entry.listed as Listed;
    try {
      entry.described = await describe(client, listed, deadline);
    } catch (error) {
      if (!(error instanceof CriError) || error.isWhole) throw error;
      entry.described = { facts: factsOfListed(listed), cgroupsPath: undefined };
    }
  }

  function take(entry: Entry): void {
    const { listed, described, workload } = entry;
    if (listed === undefined) return;
    const facts = described?.facts ?? factsOfListed(listed);
    const fault = faultOf(facts, described?.cgroupsPath ?? '', workload);
    entry.known = fault === undefined ? facts : undefined;
    if (fault === undefined) return;
    said.trouble(keyOf(workload), 'What the runtime tells of a container is not taken', {
      ...{ id: workload.id, error: fault },
    });
  }

  function succeeded(): void {
    isFailing = false;
    source.succeeded();
    said.recovered(client.path, 'The container runtime is there', { path: client.path });
  }

  function failed(error: Error): void {
    isFailing = true;
    if (!(error instanceof CriError && error.failure === 'absent')) {
      source.failed(error);
      return;
    }
    source.is('absent');
    said.trouble(client.path, 'No container runtime is there; names are those of bundles alone', {
      path: client.path,
    });
  }

  async function close(): Promise<void> {
    isClosed = true;
    clearTimeout(timer);
    client.close();
    await work;
  }
}

function isOpen(entry: Entry): boolean {
  return entry.listed === undefined || needsDescription(entry);
}

function needsDescription({ listed, described, needsAll }: Entry): boolean {
  return listed !== undefined && described === undefined && needsAll();
}

function keyOf({ id }: Workload): string {
  return `cri ${id}`;
}
