import { afterEach, expect, test } from 'vitest';
import { cgroupOfPod, IMAGE, idOf, makePod, nanosNow, trueStats } from '../../support/cri/node.ts';
import { byContainer, runCri, stopAll } from './running.ts';

afterEach(stopAll);

const KATA = 'io.containerd.kata.v2';
const CPU = 'container_cpu_usage_seconds_total';

test('a Kata pod: containers with figures of their own, the network on the sandbox', async () => {
  const network = {
    timestamp: nanosNow(),
    default_interface: { name: 'eth0', rx_bytes: 10n, rx_errors: 0n, tx_bytes: 20n },
    interfaces: [
      { name: 'lo', rx_bytes: 5n },
      { name: 'net1', rx_bytes: 6n, tx_bytes: 7n },
    ],
  };
  const pod = makePod('1', KATA, { network });
  pod.containers.push({ id: idOf('2'), name: 'side', shim: KATA, stats: trueStats() });
  const { observed } = await runCri([pod]);
  const rows = await observed.read();
  expect(byContainer(rows, CPU)).toEqual({ 'app-1': 1.5, side: 1.5 });
  expect(byContainer(rows, 'container_memory_usage_bytes')).toEqual({ 'app-1': 5e7, side: 5e7 });
  expect(byContainer(rows, 'container_memory_working_set_bytes')['app-1']).toBe(4e7);
  expect(byContainer(rows, 'container_memory_rss').side).toBe(3e7);
  expect(byContainer(rows, 'container_memory_swap').side).toBe(0);
  expect(byContainer(rows, 'container_spec_memory_limit_bytes')['app-1']).toBe(256 * 2 ** 20);
  expect(byContainer(rows, 'container_start_time_seconds').side).toBe(1_700_000_000);
  const received = rows.filter(({ metric }) => metric === 'container_network_receive_bytes_total');
  expect(
    received.map(({ labels, value }) => [labels.name, labels.interface, value]).sort(),
  ).toEqual([
    [pod.id, 'eth0', 10],
    [pod.id, 'net1', 6],
  ]);
  const { labels } =
    rows.find((row) => row.metric === CPU && row.labels.container === 'side') ?? {};
  expect(labels).toEqual({
    ...{ container: 'side', image: IMAGE, name: idOf('2'), namespace: 'team', pod: 'pod-1' },
    ...{ id: `${cgroupOfPod(pod)}/${idOf('2')}`, cpu: 'total' },
  });
  // Nobody else speaks for the pod's cgroup here.
  const whole = rows.filter((row) => row.labels.id === cgroupOfPod(pod));
  expect(whole.find(({ metric }) => metric === CPU)?.value).toBe(1.5);
  expect(whole.find(({ metric }) => metric === 'container_threads')?.value).toBe(9);
  expect(observed.log).toEqual([]);
  expect(observed.own('duplicates')).toBe(0);
});
