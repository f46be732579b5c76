import type { Labels } from '../pdata/series.ts';
import type { MetricGroup, Voice } from './voices.ts';
import type { Runtime, Workload } from './workload.ts';

/** Whether a receiver may speak for a metric group of a workload. */
export type Claim = 'granted' | 'denied' | 'pending';

/** Joins what is known of a workload and keeps the claims: one answer to who speaks for what. */
export interface WorkloadObserver {
  /** A receiver says, before the first announcement, that it runs and for which runtimes. */
  register(voice: Voice, runtimes: readonly Runtime[]): void;
  /** A receiver found a workload. Returns the labels that all its series share. */
  announce(workload: Workload): Labels;
  /**
   * Asks for the right to speak. A container of unknown runtime is pending for one re-list while
   * a receiver of another runtime is registered; a granted claim lasts the workload's life.
   */
  claim(voice: Voice, workload: Workload, group: MetricGroup): Claim;
  /** The workload is gone: its claims and labels are forgotten. */
  withdraw(workload: Workload): void;
}

/** True when an extension is a workload observer. */
export function isWorkloadObserver(value: unknown): value is WorkloadObserver {
  return typeof value === 'object' && value !== null && 'announce' in value && 'claim' in value;
}
