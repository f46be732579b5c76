import type { Metric } from '../../catalog/metric.ts';
import { NETWORK } from '../../catalog/network.ts';
import type { InterfaceStats } from '../../platform/procfs/network.ts';
import { createLabelledRecorders, type LifeOwner } from './labelled-recorders.ts';
import type { MetricsBuilder } from './metrics-builder.ts';
import { createRowTable, type Row } from './row-table.ts';

/** The rows of network interfaces that are switched on. */
interface InterfaceRows {
  readonly isEmpty: boolean;
  open(builder: MetricsBuilder, owner: LifeOwner): InterfaceRecorder;
}

/** The rows of one workload's interfaces, as they come and go. */
interface InterfaceRecorder {
  /** Those that are there now; what is not told ends. */
  record(interfaces: readonly InterfaceStats[]): void;
  /** Ends all of them; the workload is gone. */
  close(): void;
}

const ROWS: readonly Row<InterfaceStats>[] = [
  [NETWORK.container_network_receive_bytes_total, (s) => s.receivedBytes],
  [NETWORK.container_network_receive_packets_total, (s) => s.receivedPackets],
  [NETWORK.container_network_receive_errors_total, (s) => s.receiveErrors],
  [NETWORK.container_network_receive_packets_dropped_total, (s) => s.receiveDropped],
  [NETWORK.container_network_transmit_bytes_total, (s) => s.sentBytes],
  [NETWORK.container_network_transmit_packets_total, (s) => s.sentPackets],
  [NETWORK.container_network_transmit_errors_total, (s) => s.sendErrors],
  [NETWORK.container_network_transmit_packets_dropped_total, (s) => s.sendDropped],
];

/** Makes the rows that are switched on. */
export function createInterfaceRows(isEnabled: (metric: Metric) => boolean): InterfaceRows {
  const table = createRowTable(isEnabled);
  const rows = table.add(ROWS);
  return { isEmpty: rows.isEmpty, open };

  function open(builder: MetricsBuilder, owner: LifeOwner): InterfaceRecorder {
    const recorders = createLabelledRecorders(builder, table, owner, 'interface');
    return { record, close: recorders.close };

    function record(interfaces: readonly InterfaceStats[]): void {
      for (const stats of interfaces) {
        const progress = stats.receivedPackets + stats.sentPackets;
        const recorder = recorders.of(stats.name, progress);
        if (recorder !== undefined) rows.record(recorder, stats);
      }
      recorders.sweep();
    }
  }
}
