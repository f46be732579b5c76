import type { Metric } from '../../catalog/metric.ts';
import {
  createLabelledRecorders,
  type LifeOwner,
} from '../../helper/receiver/labelled-recorders.ts';
import type { MetricsBuilder } from '../../helper/receiver/metrics-builder.ts';
import { createRowTable, type Row } from '../../helper/receiver/row-table.ts';

/** The rows of a domain's disks, interfaces, virtual CPUs or file systems, as they come and go. */
export interface Devices<T> {
  /** Those that are there now, as of `time` (ms); what is not told ends. */
  record(devices: readonly T[], time: number): void;
  close(): void;
}

/** What tells devices of a kind apart. */
export interface DeviceKind<T> {
  readonly label: string;
  name(device: T): string | undefined;
  /** Grows while it is the same device; undefined where nothing is known of it now. */
  progress(device: T): number | undefined;
}

/** Makes the rows that are switched on. */
export function createDeviceRows<T>(
  isEnabled: (metric: Metric) => boolean,
  { label, name, progress }: DeviceKind<T>,
  rows: readonly Row<T>[],
): (builder: MetricsBuilder, owner: LifeOwner) => Devices<T> {
  const table = createRowTable(isEnabled);
  const enabled = table.add(rows);
  return (builder, owner) => {
    const recorders = createLabelledRecorders(builder, table, owner, label);
    return { record, close: recorders.close };

    function record(devices: readonly T[], time: number): void {
      if (enabled.isEmpty) return;
      for (const device of devices) {
        const [known, count] = [name(device), progress(device)];
        if (known === undefined || count === undefined) continue;
        const recorder = recorders.of(known, count);
        if (recorder !== undefined) enabled.record(recorder, device, time);
      }
      recorders.sweep();
    }
  };
}
