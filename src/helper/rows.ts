import { LIFETIME } from '../catalog/lifetime.ts';
import { NETWORK } from '../catalog/network.ts';
import type { InterfaceStats } from '../platform/procfs/network.ts';
import type { Row } from './row-table.ts';

/** The rows of a network interface. */
export const NETWORK_ROWS: readonly Row<InterfaceStats>[] = [
  [NETWORK.container_network_receive_bytes_total, (s) => s.receivedBytes],
  [NETWORK.container_network_receive_packets_total, (s) => s.receivedPackets],
  [NETWORK.container_network_receive_errors_total, (s) => s.receiveErrors],
  [NETWORK.container_network_receive_packets_dropped_total, (s) => s.receiveDropped],
  [NETWORK.container_network_transmit_bytes_total, (s) => s.sentBytes],
  [NETWORK.container_network_transmit_packets_total, (s) => s.sentPackets],
  [NETWORK.container_network_transmit_errors_total, (s) => s.sendErrors],
  [NETWORK.container_network_transmit_packets_dropped_total, (s) => s.sendDropped],
];

/** When a workload started and was last read, in ms since the epoch. */
export interface Lifetime {
  readonly startMillis: number;
  readonly seenMillis: number;
}

/** Whole seconds, as cAdvisor prints them. */
export const LIFETIME_ROWS: readonly Row<Lifetime>[] = [
  [LIFETIME.container_start_time_seconds, (s) => Math.floor(s.startMillis / 1000)],
  [LIFETIME.container_last_seen, (s) => Math.floor(s.seenMillis / 1000)],
];
