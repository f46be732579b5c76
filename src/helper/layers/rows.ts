import { DISK } from '../../catalog/disk.ts';
import type { Metric } from '../../catalog/metric.ts';
import type { LayerUse } from '../../workload/layer-use.ts';
import { createLabelledRecorders, type LifeOwner } from '../receiver/labelled-recorders.ts';
import type { MetricsBuilder } from '../receiver/metrics-builder.ts';
import { createRowTable, type Row } from '../receiver/row-table.ts';
import type { Layer } from './layers.ts';

/** Records the rows of layers. */
export interface LayerRows {
  readonly isEmpty: boolean;
  open(builder: MetricsBuilder, owner: LifeOwner, layer: Layer): LayerRecorder;
}

/** Records the rows of one layer, under the time at which it was measured. */
export interface LayerRecorder {
  /** False while there is no figure. */
  record(): boolean;
  /** Ends its rows; the container is gone. */
  close(): void;
}

/** cAdvisor prints the inodes that a layer uses as their total. */
const ROWS: readonly Row<LayerUse>[] = [
  [DISK.container_fs_usage_bytes, (s) => s.bytes],
  [DISK.container_fs_limit_bytes, (s) => s.limitBytes],
  [DISK.container_fs_inodes_total, (s) => s.inodes],
];

/** Makes the rows that are switched on. */
export function createLayerRows(isEnabled: (metric: Metric) => boolean): LayerRows {
  const table = createRowTable(isEnabled);
  const rows = table.add(ROWS);
  return { isEmpty: rows.isEmpty, open };

  function open(builder: MetricsBuilder, owner: LifeOwner, layer: Layer): LayerRecorder {
    const devices = createLabelledRecorders(builder, table, owner, 'device');
    return { record, close };

    function record(): boolean {
      const use = layer.use();
      const recorder = use && devices.of(use.device, 0);
      if (recorder !== undefined) rows.record(recorder, use as LayerUse, use?.time);
      devices.sweep();
      return recorder !== undefined;
    }

    function close(): void {
      layer.close();
      devices.close();
    }
  }
}
