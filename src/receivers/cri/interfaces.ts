import type { Metric } from '../../catalog/metric.ts';
import { NETWORK } from '../../catalog/network.ts';
import { countOf, millisOf } from '../../helper/cri/figures.ts';
import type { Read } from '../../platform/cri/message.ts';
import type { NetworkInterfaceUsage, NetworkUsage } from '../../platform/cri/stats.ts';
import type { Value } from './values.ts';

/** IFNAMSIZ, with its NUL: netdevice(7). */
const NAME = /^[^\s/]{1,15}$/;

const COUNTERS: readonly (readonly [keyof Read<typeof NetworkInterfaceUsage>, Metric])[] = [
  ['rx_bytes', NETWORK.container_network_receive_bytes_total],
  ['rx_errors', NETWORK.container_network_receive_errors_total],
  ['tx_bytes', NETWORK.container_network_transmit_bytes_total],
  ['tx_errors', NETWORK.container_network_transmit_errors_total],
];

/**
 * The interfaces of a pod but its loopback, which CRI-O takes for the default one. containerd before 2.3
 * gives them no time: it reads them when it is asked, so that they are of `now`, unless all are 0.
 */
export function interfaceValuesOf(told: Read<typeof NetworkUsage>, now: number): Value[] {
  const named = [...told.interfaces, told.default_interface].flatMap((each) =>
    each === undefined || !isOfPod(each.name) ? [] : [[each.name, each] as const],
  );
  const counts = [...new Map(named)].flatMap(([name, each]) =>
    COUNTERS.map(([field, metric]) => ({
      metric,
      of: name,
      value: countOf(each[field] as bigint),
    })),
  );
  const isLive = told.timestamp === 0n && counts.some(({ value }) => value);
  const time = isLive ? now : millisOf(told.timestamp, now);
  if (time === undefined) return [];
  return counts.flatMap(({ value, ...rest }) =>
    value === undefined ? [] : [{ ...rest, value, time }],
  );
}

/** True for a name that an interface of a pod's own can have. */
export function isOfPod(name: string): boolean {
  return NAME.test(name) && name !== 'lo';
}
