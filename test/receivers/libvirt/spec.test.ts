import { expect, test } from 'vitest';
import { parseDomainXml } from '../../../src/platform/libvirt/domain-xml.ts';
import { specOfDomain } from '../../../src/receivers/libvirt/spec.ts';
import { domainXml } from '../../support/libvirt/served.ts';

const MIB = 2 ** 20;
const NOTHING = { vcpuCount: undefined, balloon: undefined };

function spec(content: string, version: 1 | 2 = 1) {
  const limits = `<memory unit='MiB'>100</memory><vcpu current='2'>4</vcpu>${content}`;
  return specOfDomain(parseDomainXml(domainXml('vm', limits)), NOTHING, version);
}

test('without tuning a VM has its virtual CPUs and what the balloon leaves', () => {
  expect(spec('<currentMemory unit="MiB">80</currentMemory>')).toEqual({
    ...{ periodMicros: 100_000, quotaMicros: 200_000, shares: undefined },
    ...{ memoryLimitBytes: 80 * MIB, swapLimitBytes: 0, reservationBytes: 0 },
  });
});

test.each([
  ['<quota>25000</quota><period>50000</period>', 50_000, 50_000],
  ['<quota>90000</quota><global_quota>30000</global_quota>', 100_000, 30_000],
  ['<global_quota>30000</global_quota><global_period>20000</global_period>', 100_000, 150_000],
  ['<quota>400000</quota>', 100_000, 200_000],
  ['<quota>-1</quota><global_quota>-1</global_quota>', 100_000, 200_000],
  // As virtlet writes what a pod leaves open.
  ['<shares>0</shares><period>0</period><quota>0</quota>', 100_000, 200_000],
])('%s', (tune, periodMicros, quotaMicros) => {
  expect(spec(`<cputune>${tune}</cputune>`)).toMatchObject({ periodMicros, quotaMicros });
});

test('shares are a weight where the host has cgroups v2', () => {
  const tune = '<cputune><shares>100</shares></cputune>';
  expect(spec(tune, 1).shares).toBe(100);
  expect(spec(tune, 2).shares).toBe(2597);
});

test('memtune: the least of both limits; swap as libvirt writes it, to either version', () => {
  const tune = `<currentMemory unit='MiB'>80</currentMemory><memtune>
    <hard_limit unit='MiB'>60</hard_limit><soft_limit unit='MiB'>30</soft_limit>
    <swap_hard_limit unit='MiB'>90</swap_hard_limit></memtune>`;
  const limits = { memoryLimitBytes: 60 * MIB, reservationBytes: 30 * MIB };
  expect(spec(tune, 1)).toMatchObject({ ...limits, swapLimitBytes: 90 * MIB });
  expect(spec(tune, 2)).toMatchObject({ ...limits, swapLimitBytes: 90 * MIB });
});
