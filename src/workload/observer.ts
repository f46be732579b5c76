import type { Labels } from '../pdata/series.ts';
import type { Facts } from './facts.ts';
import type { LayerUse } from './layer-use.ts';
import type { MetricGroup, Voice } from './voices.ts';
import type { Runtime, Workload } from './workload.ts';

/** Whether a receiver may speak for a metric group of a workload. */
export type Claim = 'granted' | 'denied' | 'pending';

/** Who a workload is: for the whole life of its series. */
export interface Identity {
  /** The labels that all its series share. */
  readonly labels: Labels;
  /** What its bundle tells; undefined for what is no container and where no bundle is known. */
  readonly facts: Facts | undefined;
}

/** What a receiver knows of a workload that it announces. */
export interface Known {
  /** What the runtime's own files tell: it stands in where no bundle tells more. */
  readonly facts?: Facts;
  /** When it was there at the latest, in ms since the epoch; now is taken without. */
  readonly sinceMillis?: number;
}

/** A workload that is there and whose names are known. */
export interface KnownWorkload {
  readonly workload: Workload;
  readonly identity: Identity;
}

/** Joins what is known of a workload and keeps the claims: one answer to who speaks for what. */
export interface WorkloadObserver {
  /** A receiver says, before the first announcement, that it runs and for which runtimes. */
  register(voice: Voice, runtimes: readonly Runtime[]): void;
  /** A receiver found a workload; each announcement wants its withdrawal. */
  announce(workload: Workload, known?: Known): void;
  /** A receiver has just listed all that it speaks for: what it did not announce is not its own. */
  listed(voice: Voice): void;
  /**
   * Undefined while the names of a container or pod are awaited, and for as long as it is withheld:
   * ask again. Once given, the same object for the workload's whole life.
   */
  identify(workload: Workload): Identity | undefined;
  /** All that are announced and identified, in no order. */
  known(): Iterable<KnownWorkload>;
  /**
   * Asks for the right to speak. A container of unknown runtime is pending until each receiver of
   * another runtime has listed, for at most a minute; a granted claim lasts the workload's life.
   */
  claim(voice: Voice, workload: Workload, group: MetricGroup): Claim;
  /** Asks the container runtime, where there is one; undefined where it does not tell. Never rejects. */
  writtenLayer?(containerId: string): Promise<LayerUse | undefined>;
  /** Gone for one receiver; once it is for all, its claims and labels are forgotten. */
  withdraw(workload: Workload): void;
}

/** True when an extension is a workload observer. */
export function isWorkloadObserver(value: unknown): value is WorkloadObserver {
  return typeof value === 'object' && value !== null && 'announce' in value && 'claim' in value;
}
