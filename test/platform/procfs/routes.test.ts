import { afterEach, expect, test } from 'vitest';
import { readDefaultInterface } from '../../../src/platform/procfs/routes.ts';
import { type FakeRoot, makeRoot } from '../../support/bundles.ts';

let root: FakeRoot | undefined;
afterEach(() => root?.remove());

const HEAD = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n';
const route = (
  name: string,
  destination: string,
  flags: string,
  metric: number,
  mask = '00000000',
) => `${name}\t${destination}\t010200C0\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`;
const zeros = '0'.repeat(32);
const route6 = (name: string, length: string, metric: string, flags = '00000003') =>
  `${zeros} ${length} ${zeros} 00 fe80${'0'.repeat(28)} ${metric} 00000002 00000000 ${flags} ${name.padStart(8)}\n`;

function interfaceOf(v4: string | undefined, v6?: string): string | undefined {
  root ??= makeRoot();
  root.remove('7');
  if (v4 !== undefined) root.write('7/net/route', v4);
  if (v6 !== undefined) root.write('7/net/ipv6_route', v6);
  return readDefaultInterface(root.path, 7);
}

test('the interface of the default route, by the lowest metric', () => {
  const local = route('net1', '000200C0', '0001', 0, '00FFFFFF');
  expect(interfaceOf(HEAD + local + route('eth0', '00000000', '0003', 0))).toBe('eth0');
  const two = route('net1', '00000000', '0003', 200) + route('eth0', '00000000', '0003', 100);
  expect(interfaceOf(HEAD + two)).toBe('eth0');
  // Half of all addresses is no default, and one that rejects leads nowhere.
  const half = route('tun0', '00000000', '0003', 0, '00000080');
  expect(interfaceOf(HEAD + half)).toBeUndefined();
  expect(interfaceOf(HEAD + route('lo', '00000000', '0200', 0))).toBeUndefined();
  expect(interfaceOf(HEAD + route('eth0', '00000000', '0002', 0))).toBeUndefined();
});

test('a pod with IPv6 alone', () => {
  const unreachable = route6('lo', '00', 'ffffffff', '00200200');
  expect(interfaceOf(HEAD, route6('eth0', '40', '00000100') + unreachable)).toBeUndefined();
  expect(interfaceOf(HEAD, unreachable + route6('eth0', '00', '00000400'))).toBe('eth0');
  // IPv4 comes first where there are both.
  expect(
    interfaceOf(HEAD + route('eth1', '00000000', '0003', 0), route6('eth0', '00', '00000400')),
  ).toBe('eth1');
});

test('nothing to read, or rubbish, is no interface', () => {
  expect(interfaceOf(undefined)).toBeUndefined();
  expect(interfaceOf('', '')).toBeUndefined();
  expect(interfaceOf('x\n\n\0\n', `${zeros}\n00 00\n`)).toBeUndefined();
});
