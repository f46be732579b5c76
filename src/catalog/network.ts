import { counter } from './metric.ts';

const OPTIONS = { labels: ['interface'] } as const;

/** cAdvisor's `network` set, by name; on the pod's sandbox and on the node only. */
export const NETWORK = {
  container_network_receive_bytes_total: counter(
    'network',
    'container_network_receive_bytes_total',
    'Bytes received',
    { ...OPTIONS, unit: 'By' },
  ),
  container_network_receive_packets_total: counter(
    'network',
    'container_network_receive_packets_total',
    'Packets received',
    OPTIONS,
  ),
  container_network_receive_errors_total: counter(
    'network',
    'container_network_receive_errors_total',
    'Errors while receiving',
    OPTIONS,
  ),
  container_network_receive_packets_dropped_total: counter(
    'network',
    'container_network_receive_packets_dropped_total',
    'Received packets that were dropped',
    OPTIONS,
  ),
  container_network_transmit_bytes_total: counter(
    'network',
    'container_network_transmit_bytes_total',
    'Bytes transmitted',
    { ...OPTIONS, unit: 'By' },
  ),
  container_network_transmit_packets_total: counter(
    'network',
    'container_network_transmit_packets_total',
    'Packets transmitted',
    OPTIONS,
  ),
  container_network_transmit_errors_total: counter(
    'network',
    'container_network_transmit_errors_total',
    'Errors while transmitting',
    OPTIONS,
  ),
  container_network_transmit_packets_dropped_total: counter(
    'network',
    'container_network_transmit_packets_dropped_total',
    'Packets dropped while transmitting',
    OPTIONS,
  ),
} as const;
