import type { Point } from './point.ts';

/** What one pass of one source delivered. */
export interface Batch {
  /** The id of the source, such as `cgroup` or `cgroup/node`. */
  readonly source: string;
  /** True when the pass was asked for by an exporter, false when a timer started it. */
  readonly onDemand: boolean;
  readonly points: readonly Point[];
}
