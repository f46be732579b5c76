import type { Labels } from '../../pdata/series.ts';
import type { MetricsBuilder, Recorder } from './metrics-builder.ts';
import type { RowTable } from './row-table.ts';

/** Recorders of one workload for things that come and go in it: interfaces, devices. */
export interface LabelledRecorders {
  /**
   * The recorder of one thing. `progress` is a count that only grows while the thing is the same:
   * when it went back, another thing has taken the name. Undefined when there are too many things.
   */
  of(name: string, progress: number): Recorder | undefined;
  /** Ends the series of what was not asked for since the last call. */
  sweep(): void;
  /** The workload is gone: ends all of them. */
  close(): void;
}

/** Whose life the series have: one workload's. */
export interface LifeOwner {
  labels(): Labels;
  /** ms since the epoch. */
  start(): number;
}

/** A tenant can make as many interfaces as it likes; no real pod has this many. */
const MAX_THINGS = 256;

interface Entry {
  recorder: Recorder;
  progress: number;
  isSeen: boolean;
}

/** Makes the recorders; `label` is the one label that tells the things apart. */
export function createLabelledRecorders(
  builder: MetricsBuilder,
  table: RowTable,
  owner: LifeOwner,
  label: string,
): LabelledRecorders {
  const entries = new Map<string, Entry>();
  return { of, sweep, close };

  function of(name: string, progress: number): Recorder | undefined {
    const known = entries.get(name);
    if (known !== undefined && progress >= known.progress) {
      known.progress = progress;
      known.isSeen = true;
      return known.recorder;
    }
    if (known === undefined && entries.size >= MAX_THINGS) return undefined;
    const start = known === undefined ? owner.start() : builder.drop(known.recorder);
    const labels: Labels = Object.freeze({ [label]: name });
    const recorder = builder.recorder(table.templates, owner.labels(), start, labels);
    entries.set(name, { recorder, progress, isSeen: true });
    return recorder;
  }

  function sweep(): void {
    for (const [name, entry] of entries) {
      if (!entry.isSeen) {
        builder.drop(entry.recorder);
        entries.delete(name);
      }
      entry.isSeen = false;
    }
  }

  function close(): void {
    for (const { recorder } of entries.values()) builder.drop(recorder);
    entries.clear();
  }
}
