import { counter, metricSet } from './metric.ts';

const OPTIONS = { labels: ['interface'] } as const;

/** cAdvisor's `network` set, by name; on the pod's sandbox and on the node only. */
export const NETWORK = metricSet('network', {
  container_network_receive_bytes_total: counter('Bytes received', { ...OPTIONS, unit: 'By' }),
  container_network_receive_packets_total: counter('Packets received', OPTIONS),
  container_network_receive_errors_total: counter('Errors while receiving', OPTIONS),
  container_network_receive_packets_dropped_total: counter(
    'Received packets that were dropped',
    OPTIONS,
  ),
  container_network_transmit_bytes_total: counter('Bytes transmitted', { ...OPTIONS, unit: 'By' }),
  container_network_transmit_packets_total: counter('Packets transmitted', OPTIONS),
  container_network_transmit_errors_total: counter('Errors while transmitting', OPTIONS),
  container_network_transmit_packets_dropped_total: counter(
    'Packets dropped while transmitting',
    OPTIONS,
  ),
});
