import type { QueueConfig } from './options.ts';
import type { ExportRequest } from './request.ts';

/** A request that waits or is being sent. */
export interface Item {
  readonly request: ExportRequest;
  /** It was sent, or could not be for an error. */
  end(error?: unknown): Promise<void> | void;
}

/** Where requests wait. */
export interface Backlog {
  /** What waits and is being sent, by the sizer. */
  readonly size: number;
  /** Whether `take` may give an item. */
  readonly hasMore: boolean;
  /** Adds all or none; rejects with a QueueError. */
  put(items: readonly Item[]): Promise<void>;
  /** The next one; undefined when there is none. */
  take(): Promise<Item | undefined>;
  /** Gives nothing more, if what waits is kept for another time. */
  stop(): void;
  /** Ends it, when nothing is being sent any more. */
  close(): Promise<void>;
}

/** There is no room, or no more is taken: what was to be added is lost. */
export class QueueError extends Error {}

/** It was not sent, and is kept for when the agent is started again. */
export class KeptError extends Error {}

/** How much a request counts. */
export function sizeBy(sizer: QueueConfig['sizer'], { bytes, points }: ExportRequest): number {
  if (sizer === 'items') return points;
  return sizer === 'bytes' ? bytes.length : 1;
}
