import type { LifeOwner } from '../../helper/receiver/labelled-recorders.ts';
import type { MetricsBuilder, Recorder } from '../../helper/receiver/metrics-builder.ts';
import type { RowTable } from '../../helper/receiver/row-table.ts';
import type { Balloon } from './guest-memory.ts';

/** The recorder of what a guest counts itself. */
export interface GuestRecorder {
  of(balloon: Balloon): Recorder;
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
  return {
    of(balloon) {
      if (recorder !== undefined && last !== undefined && isLess(balloon, last)) {
        const start = builder.drop(recorder);
        recorder = builder.recorder(table.templates, owner.labels(), start);
      }
      recorder ??= builder.recorder(table.templates, owner.labels(), owner.start());
      last = balloon;
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
  return COUNTS.some((key) => {
    const [now, then] = [balloon[key], before[key]];
    return now !== undefined && then !== undefined && now < then;
  });
}
