import { expect, test } from 'vitest';
import { createClaims } from '../../../src/extensions/workload_observer/claims.ts';
import { parseCgroupPath } from '../../../src/workload/cgroup-path.ts';

const ID = 'ab'.repeat(32);
const CONTAINER = parseCgroupPath(`/docker/${ID}`);
const POD = parseCgroupPath('/kubepods/pod16b4b963-ffee-4616-812c-a13ed94c0c7f');
const RELIST = 60_000;

function setUp() {
  const clock = { now: 0 };
  const claims = createClaims(() => clock.now, RELIST);
  claims.register('cgroup', ['runc']);
  return { clock, claims };
}

test('alone, the cgroup receiver speaks for every container at once', () => {
  const { claims } = setUp();
  claims.announce(CONTAINER);
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('granted');
});

test('beside a receiver of another runtime an unknown container is pending for one re-list', () => {
  const { claims, clock } = setUp();
  claims.register('runsc', ['runsc']);
  claims.announce(CONTAINER);
  claims.announce(POD);
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('pending');
  expect(claims.claim('cgroup', POD, 'usage')).toBe('granted');
  clock.now = RELIST;
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('granted');
});

test('a container that turns out to be runsc is never spoken for by its host cgroup', () => {
  const { claims, clock } = setUp();
  claims.register('runsc', ['runsc']);
  claims.announce(CONTAINER);
  claims.announce({ ...CONTAINER, runtime: 'runsc' });
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('denied');
  expect(claims.claim('runsc', CONTAINER, 'usage')).toBe('granted');
  clock.now = RELIST;
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('denied');
  expect(claims.claim('runsc', CONTAINER, 'disk_io')).toBe('denied');
});

test('a claim lasts the life of the workload, whatever is learnt later', () => {
  const { claims } = setUp();
  claims.announce(CONTAINER);
  claims.claim('cgroup', CONTAINER, 'usage');
  claims.announce({ ...CONTAINER, runtime: 'runsc' });
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('granted');
  expect(claims.claim('runsc', CONTAINER, 'usage')).toBe('denied');
  claims.withdraw(CONTAINER);
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('granted');
  claims.withdraw({ ...CONTAINER, runtime: 'runsc' });
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('denied');
});

test('a bare cgroup that turns out to be a container of a runtime has no voice any more', () => {
  const { claims } = setUp();
  const bare = parseCgroupPath('/c1');
  const container = { ...bare, kind: 'container', containerId: 'c1', runtime: 'runsc' } as const;
  claims.announce(bare);
  expect(claims.claim('cgroup', bare, 'usage')).toBe('granted');
  claims.announce(container);
  expect(claims.claim('cgroup', bare, 'usage')).toBe('denied');
  expect(claims.claim('runsc', container, 'usage')).toBe('granted');
  claims.withdraw(container);
  expect(claims.claim('cgroup', bare, 'usage')).toBe('granted');
});

test('a container of unknown runtime is settled once the others have listed theirs', () => {
  const { claims, clock } = setUp();
  claims.register('runsc', ['runsc']);
  clock.now = 100_000;
  claims.announce(CONTAINER);
  claims.listed('runsc');
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('pending');
  clock.now += 2000;
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('pending');
  claims.listed('runsc');
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('granted');
});

test('a container that was there before needs no wait', () => {
  const { claims, clock } = setUp();
  claims.register('runsc', ['runsc']);
  clock.now = 100_000;
  claims.announce(CONTAINER, 90_000);
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('pending');
  claims.listed('runsc');
  expect(claims.claim('cgroup', CONTAINER, 'usage')).toBe('granted');
});

test('the cgroup of a VM waits for its receiver, and a container does not', () => {
  const { claims, clock } = setUp();
  claims.register('libvirt', ['libvirt']);
  const scope = '/machine.slice/machine-qemu\\x2d1\\x2dweb.scope';
  const [vm, other] = [parseCgroupPath(scope), parseCgroupPath('/machine.slice')];
  for (const each of [vm, other, CONTAINER]) claims.announce(each);
  const ask = () => [vm, other, CONTAINER].map((each) => claims.claim('cgroup', each, 'usage'));
  expect(ask()).toEqual(['pending', 'granted', 'granted']);
  clock.now = 1000;
  claims.listed('libvirt');
  expect(ask()[0]).toBe('pending');
  clock.now = 2000;
  claims.listed('libvirt');
  // It was listed, and is none of libvirt's: another's, or one that is not wanted there.
  expect(ask()[0]).toBe('granted');
  claims.announce({ ...vm, kind: 'container', containerId: 'uuid', runtime: 'libvirt' });
  expect(ask()[0]).toBe('denied');
});

test('the cgroup of a VM has its own voice where libvirt cannot be read, or is not configured', () => {
  const { claims, clock } = setUp();
  const vm = parseCgroupPath('/machine/qemu-1-web.libvirt-qemu');
  claims.announce(vm);
  expect(claims.claim('cgroup', vm, 'usage')).toBe('granted');
  claims.withdraw(vm);
  claims.register('libvirt', ['libvirt']);
  claims.announce(vm);
  expect(claims.claim('cgroup', vm, 'usage')).toBe('pending');
  clock.now = RELIST;
  expect(claims.claim('cgroup', vm, 'usage')).toBe('granted');
});
