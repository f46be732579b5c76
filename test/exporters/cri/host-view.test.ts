import { afterEach, beforeEach, expect, test } from 'vitest';
import { CPU } from '../../../src/catalog/cpu.ts';
import { NETWORK } from '../../../src/catalog/network.ts';
import { PRESSURE } from '../../../src/catalog/pressure.ts';
import { type FakeHost, makeHost } from '../../support/fake-host.ts';
import {
  idOf,
  makeContainer,
  NOW,
  type Running,
  runCri,
  type Subject,
  stopAll,
} from './running.ts';

const POD = { uid: '11111111-2222-3333-4444-555555555555', name: 'web', sandboxId: idOf('f0') };
const LINE = (avg: string) => `avg10=${avg} avg60=0.50 avg300=0.25 total=5000000\n`;

let host: FakeHost;
beforeEach(() => {
  host = makeHost();
});
afterEach(async () => {
  await stopAll();
  host.remove();
});

async function runOn(...subjects: Subject[]): Promise<Running> {
  const running = await runCri(`root_path: ${host.path}\nmax_age: 0s`);
  running.known.push(...subjects.map(({ known }) => known));
  return running;
}

test('the default interface is the one with the default route, and stands apart', async () => {
  const pause = makeContainer(POD, POD.sandboxId);
  const running = await runOn(pause);
  const received = NETWORK.container_network_receive_bytes_total;
  await running.give(
    ['bond0', 'eth0', 'net1'].map((name, i) => pause.point(received, i, NOW, { interface: name })),
  );
  const network = async () =>
    (await running.client.call('ListPodSandboxStats')).stats[0]?.linux?.network;
  host.cgroup(pause.cgroup, [4711]);
  expect((await network())?.default_interface).toBeUndefined();
  expect((await network())?.interfaces).toHaveLength(3);
  const route = (name: string) => `Iface\n${name}\t00000000\t0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`;
  host.write('proc/4711/net/route', route('eth0'));
  expect((await network())?.default_interface).toMatchObject({ name: 'eth0', rx_bytes: 1n });
  expect((await network())?.interfaces.map(({ name }) => name)).toEqual(['bond0', 'net1']);
  // A route over what the kubelet hides is none that is told.
  host.write('proc/4711/net/route', route('lo'));
  expect((await network())?.default_interface).toBeUndefined();
  expect((await network())?.interfaces).toHaveLength(3);
});

test('the processes of a crun container are in a child of its cgroup', async () => {
  const pause = makeContainer(POD, POD.sandboxId);
  const running = await runOn(pause);
  const sent = NETWORK.container_network_transmit_bytes_total;
  await running.give(['a', 'b'].map((name) => pause.point(sent, 1, NOW, { interface: name })));
  host.cgroup(pause.cgroup, []);
  host.cgroup(`${pause.cgroup}/container`, [4712]);
  host.write('proc/4712/net/route', 'Iface\nb\t00000000\t0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n');
  const { stats } = await running.client.call('ListPodSandboxStats');
  expect(stats[0]?.linux?.network?.default_interface?.name).toBe('b');
});

test('pressure: totals of the rows, averages of the kernel; without either there is none', async () => {
  const app = makeContainer(POD, idOf('01'), 'app');
  const running = await runOn(app);
  await running.give([
    app.point(CPU.container_cpu_usage_seconds_total, 1, NOW, { cpu: 'total' }),
    app.point(PRESSURE.container_pressure_cpu_waiting_seconds_total, 4.25),
    app.point(PRESSURE.container_pressure_io_waiting_seconds_total, 1.5, NOW + 1),
    app.point(PRESSURE.container_pressure_io_stalled_seconds_total, 0.5, NOW + 1),
  ]);
  const stats = async () =>
    (await running.client.call('ContainerStats', { container_id: app.id })).stats;
  expect((await stats())?.cpu?.psi).toBeUndefined();
  expect((await stats())?.io).toBeUndefined();
  host.write(`sys/fs/cgroup${app.cgroup}/cpu.pressure`, `some ${LINE('1.25')}full ${LINE('0.00')}`);
  host.write(`sys/fs/cgroup${app.cgroup}/io.pressure`, `some ${LINE('2.00')}full ${LINE('0.00')}`);
  host.write(`sys/fs/cgroup${app.cgroup}/memory.pressure`, `some ${LINE('9.00')}`);
  const told = await stats();
  expect(told?.cpu?.psi).toEqual({
    Some: { Total: 4_250_000_000n, Avg10: 1.25, Avg60: 0.5, Avg300: 0.25 },
    // The kernel's line is there, yet nobody spoke for it.
    Full: undefined,
  });
  expect(told?.io).toEqual({
    timestamp: BigInt(NOW + 1) * 1_000_000n,
    psi: {
      Some: { Total: 1_500_000_000n, Avg10: 2, Avg60: 0.5, Avg300: 0.25 },
      Full: { Total: 500_000_000n, Avg10: 0, Avg60: 0.5, Avg300: 0.25 },
    },
  });
  expect(told?.memory).toBeUndefined();
});

test('an id that leads out of the hierarchy is not followed', async () => {
  const pause = makeContainer(POD, POD.sandboxId);
  const running = await runOn();
  const id = `/../../../outside/${POD.sandboxId}`;
  const { workload, identity } = pause.known;
  running.known.push({ identity, workload: { ...workload, id } });
  host.write(`outside/${POD.sandboxId}/cgroup.procs`, '4713\n');
  host.write('proc/4713/net/route', 'Iface\na\t00000000\t0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n');
  const sent = NETWORK.container_network_transmit_bytes_total;
  const points = ['a', 'b'].map((name) => pause.point(sent, 1, NOW, { interface: name }));
  const moved = points.map((point) => ({
    ...point,
    series: { ...point.series, identity: { ...point.series.identity, id } },
  }));
  await running.give(moved);
  const { stats } = await running.client.call('ListPodSandboxStats');
  expect(stats[0]?.linux?.network?.interfaces).toHaveLength(2);
  expect(stats[0]?.linux?.network?.default_interface).toBeUndefined();
});
