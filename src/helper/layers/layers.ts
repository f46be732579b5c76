import type { Counter } from '../../component/telemetry.ts';
import type { LayerUse } from '../../workload/layer-use.ts';
import type { LogOnce } from '../log-once.ts';

/**
 * Measures one container's layer, by whatever source can: undefined where there is nothing to measure.
 * Throws where it cannot be measured; after a LayerBoundError the last figure stands for a while.
 */
export type MeasureLayer = (signal: AbortSignal) => Promise<LayerUse | undefined>;

/** The layer is too large: what was measured last is still the best that is known. */
export class LayerBoundError extends Error {}

/** One container's layer. */
export interface Layer {
  /** The last complete figure; asks for another where that is older than the interval. */
  use(): LayerUse | undefined;
  /** The container is gone. */
  close(): void;
}

/** Layers that are measured in the background, one after another, for as long as they are read. */
export interface Layers {
  follow(containerId: string, measure: MeasureLayer): Layer;
  /** Ends what is being measured. */
  close(): Promise<void>;
}

/** What the layers are made with. */
export interface LayersOptions {
  readonly intervalMillis: number;
  /** The receiver's id. */
  readonly receiver: string;
  /** Wall clock in ms. */
  readonly now: () => number;
  readonly said: LogOnce;
  readonly failures: Counter;
}

/** A layer that is not there may be mounted a moment later. */
const ABSENT_MILLIS = 5_000;
/** What cannot be measured is tried ever less often. */
const LONGEST_WAIT_MILLIS = 20 * 60_000;
/** How long a figure stands when its successor cannot be had. */
const MAX_AGE_MILLIS = 30 * 60_000;

interface Followed extends Layer {
  measure(): Promise<void>;
}

/** Makes them; nothing is measured before it is read. */
export function createLayers(options: LayersOptions): Layers {
  const { intervalMillis, receiver, now, said, failures } = options;
  const waiting = new Set<Followed>();
  let current: Followed | undefined;
  let work: Promise<void> | undefined;
  let isClosed = false;
  return { follow, close };

  async function close(): Promise<void> {
    isClosed = true;
    waiting.clear();
    current?.close();
    await work;
  }

  function want(layer: Followed): void {
    if (isClosed) return;
    waiting.add(layer);
    work ??= measureAll();
  }

  async function measureAll(): Promise<void> {
    // After the pass that asks, not within it.
    await Promise.resolve();
    for (const layer of waiting) {
      current = layer;
      await layer.measure();
      waiting.delete(layer);
    }
    current = undefined;
    work = undefined;
  }

  function follow(containerId: string, measureLayer: MeasureLayer): Layer {
    const gone = new AbortController();
    const key = `layer ${containerId}`;
    let last: LayerUse | undefined;
    let due = Number.NEGATIVE_INFINITY;
    let misses = 0;
    const layer: Followed = { use, measure, close: leave };
    return layer;

    function use(): LayerUse | undefined {
      if (performance.now() >= due) want(layer);
      const age = now() - (last?.time ?? 0);
      return age <= Math.max(MAX_AGE_MILLIS, 2 * intervalMillis) ? last : undefined;
    }

    async function measure(): Promise<void> {
      try {
        const measured = await measureLayer(gone.signal);
        measured === undefined ? absent() : succeeded(measured);
      } catch (error) {
        if (!gone.signal.aborted) failed(error as Error);
      }
    }

    function succeeded(measured: LayerUse): void {
      // The clock may have been set back.
      last = { ...measured, time: Math.max(measured.time, last?.time ?? 0) };
      misses = 0;
      due = performance.now() + intervalMillis;
      said.recovered(key, 'Writable layer can be measured again', { receiver, id: containerId });
    }

    function absent(): void {
      last = undefined;
      missed(ABSENT_MILLIS);
      said.forget(key);
    }

    function failed(error: Error): void {
      if (!(error instanceof LayerBoundError)) last = undefined;
      missed(intervalMillis);
      failures.add(1);
      said.trouble(key, 'Writable layer cannot be measured; its rows are absent or old', {
        ...{ receiver, id: containerId, error: error.message },
      });
    }

    function missed(least: number): void {
      const wait = Math.max(least, ABSENT_MILLIS) * 2 ** misses++;
      due = performance.now() + Math.min(wait, Math.max(LONGEST_WAIT_MILLIS, least));
    }

    function leave(): void {
      gone.abort();
      waiting.delete(layer);
      said.forget(key);
    }
  }
}
