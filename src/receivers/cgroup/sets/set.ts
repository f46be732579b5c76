import type { Metric } from '../../../catalog/metric.ts';
import type { Layers } from '../../../helper/layers/layers.ts';
import type { LayerWalks } from '../../../helper/layers/walks.ts';
import type { LogOnce } from '../../../helper/log-once.ts';
import type { MetricsBuilder, Recorder } from '../../../helper/receiver/metrics-builder.ts';
import type { RowTable } from '../../../helper/receiver/row-table.ts';
import type { FileStore } from '../../../platform/file/file-store.ts';
import type { RootedPaths } from '../../../platform/file/rooted.ts';
import type { HostFacts } from '../../../platform/procfs/host.ts';
import type { LayerUse } from '../../../workload/layer-use.ts';
import type { MetricGroup } from '../../../workload/voices.ts';
import type { Layout } from '../layout.ts';
import type { Member } from '../member.ts';
import type { FiguresReader } from '../pod-sum.ts';

/** One of cAdvisor's metric sets, as this receiver reads it. */
export interface MetricSet {
  /** What the receiver must have the right to speak for. */
  readonly group: MetricGroup;
  /** Before each pass: asks what may keep one waiting, and not for long. */
  prepare?(): Promise<void>;
  /** Says how the set is read of one cgroup; opens nothing yet. */
  open(member: Member): SetReader;
}

/** Reads a set of one cgroup, pass after pass. */
export interface SetReader {
  /**
   * Reads and records. Returns false when the cgroup has nothing of this set now. What takes long
   * yields, so that the event loop has its turns.
   */
  record(recorder: () => Recorder, pass: number): boolean | Generator<void, boolean>;
  close(): void;
}

/** What every set is made with. */
export interface SetContext {
  readonly layout: Layout;
  readonly files: FileStore;
  readonly paths: RootedPaths;
  readonly said: LogOnce;
  /** Counts what could not be read. */
  readonly failed: () => void;
  readonly layers: Layers;
  readonly walks: LayerWalks;
  /** What a container runtime tells of a layer; undefined where none is asked. */
  readonly told: ((containerId: string) => Promise<LayerUse | undefined>) | undefined;
  readonly builder: MetricsBuilder;
  /** The rows of a cgroup that need no labels of their own at run time. */
  readonly table: RowTable;
  readonly isEnabled: (metric: Metric) => boolean;
  /** Facts of the host, looked at again with each re-list. */
  readonly host: () => HostFacts;
}

/** Records figures into rows that need no labels of their own at run time. */
export function recordFigures<Stats>(
  rows: { record(recorder: Recorder, stats: Stats): void },
  figures: FiguresReader<Stats>,
): SetReader {
  return {
    record(recorder, pass) {
      const stats = figures.read(pass);
      if (stats === undefined) return false;
      rows.record(recorder(), stats);
      return true;
    },
    close: figures.close,
  };
}
