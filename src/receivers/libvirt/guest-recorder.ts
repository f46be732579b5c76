import type { LifeOwner } from '../../helper/labelled-recorders.ts';
import type { MetricsBuilder, Recorder } from '../../helper/metrics-builder.ts';
import type { RowTable } from '../../helper/row-table.ts';
import type { Balloon } from './guest-memory.ts';

/** The recorder of what a guest counts itself. */
export interface GuestRecorder {
  /** `toldAt` is when the guest told, in ms. */
  of(balloon: Balloon, toldAt: number): Recorder;
  close(): void;
}

/** A guest that boots anew counts anew, while its QEMU goes on: that begins another life. */
export function createGuestRecorder(
  builder: MetricsBuilder,
  table: RowTable,
  owner: LifeOwner,
): GuestRecorder {
  let recorder: Recorder | undefined;
  let last: Balloon | undefined;
  let lastToldAt = 0;
  return {
    of(balloon, toldAt) {
      if (recorder !== undefined && last !== undefined && isLess(balloon, last)) {
        builder.drop(recorder);
        recorder = builder.recorder(table.templates, owner.labels(), lastToldAt);
      }
      recorder ??= builder.recorder(table.templates, owner.labels(), owner.start());
      last = balloon;
      lastToldAt = toldAt;
      return recorder;
    },
    close() {
      if (recorder !== undefined) builder.drop(recorder);
    },
  };
}

const COUNTS = [
  'minorFaults',
  'majorFaults',
  'swapInBytes',
  'swapOutBytes',
  'hugetlbAllocations',
  'hugetlbFailures',
] as const;

function isLess(balloon: Balloon, before: Balloon): boolean {
  return COUNTS.some((key) => (balloon[key] ?? 0) < (before[key] ?? 0));
}
