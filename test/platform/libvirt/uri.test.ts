import { expect, test } from 'vitest';
import { domainCgroups } from '../../../src/platform/libvirt/cgroup-name.ts';
import { LibvirtUriError, parseLibvirtUri } from '../../../src/platform/libvirt/uri.ts';

const READ = { isReadOnly: true };

test("libvirtd's sockets before virtqemud's, those for reading first", () => {
  expect(parseLibvirtUri('qemu:///system', READ)).toEqual({
    driverUri: 'qemu:///system',
    sockets: [
      '/run/libvirt/libvirt-sock-ro',
      '/run/libvirt/virtqemud-sock-ro',
      '/run/libvirt/libvirt-sock',
      '/run/libvirt/virtqemud-sock',
    ],
    isReadOnly: true,
  });
  expect(parseLibvirtUri('qemu:///system', { isReadOnly: false }).sockets).toEqual([
    '/run/libvirt/libvirt-sock',
    '/run/libvirt/virtqemud-sock',
  ]);
});

test('a session has no sockets for reading only', () => {
  const access = { isReadOnly: true, runtimeDirectory: '/run/user/7' };
  expect(parseLibvirtUri('qemu:///session', access)).toEqual({
    driverUri: 'qemu:///session',
    sockets: ['/run/user/7/libvirt/libvirt-sock', '/run/user/7/libvirt/virtqemud-sock'],
    isReadOnly: true,
  });
});

test.each([
  ['test:///default', 'test:///default'],
  ['test+unix:///srv/node.xml', 'test:///srv/node.xml'],
])('%s is a node of libvirtd alone', (uri, driverUri) => {
  const sockets = ['/run/libvirt/libvirt-sock-ro', '/run/libvirt/libvirt-sock'];
  expect(parseLibvirtUri(uri, READ)).toEqual({ driverUri, sockets, isReadOnly: true });
});

test('a socket of its own', () => {
  const uri = 'qemu+unix:///session?socket=%2Frun%2Fmy%20libvirt/virtqemud-sock';
  expect(parseLibvirtUri(uri, READ)).toMatchObject({
    driverUri: 'qemu:///session',
    sockets: ['/run/my libvirt/virtqemud-sock'],
  });
});

test.each([
  ['qemu+tcp://node/system', 'transport tcp'],
  ['qemu+tls:///system', 'transport tls'],
  ['qemu+ssh://root@node/system', 'transport ssh'],
  ['qemu://node/system', 'another host (node)'],
  ['qemu:///embed?root=/x', 'names no daemon'],
  ['qemu:///', 'names no daemon'],
  ['test:///', 'names no node'],
  ['lxc:///', 'driver lxc'],
  ['qemu:///session', 'XDG_RUNTIME_DIR'],
  ['qemu:///system?mode=direct', 'parameter mode'],
  ['qemu:///system?socket=sock', 'absolute path'],
  ['/run/libvirt/libvirt-sock', 'no URI'],
  ['', 'no URI'],
])('%s is refused: %s', (uri, reason) => {
  const parse = () => parseLibvirtUri(uri, READ);
  expect(parse).toThrow(LibvirtUriError);
  expect(parse).toThrow(reason);
});

test('the cgroups that a domain may have', () => {
  const domain = { name: 'my_vm--2.', uuid: '', id: 12 };
  expect(domainCgroups(domain)).toEqual([
    '/machine.slice/machine-qemu\\x2d12\\x2dmyvm\\x2d2.scope',
    '/machine/qemu-12-myvm-2.libvirt-qemu',
  ]);
  expect(domainCgroups(domain, '/machine/team-a')).toEqual([
    '/machine.slice/machine-team\\x2da.slice/machine-qemu\\x2d12\\x2dmyvm\\x2d2.scope',
    '/machine/team-a.partition/qemu-12-myvm-2.libvirt-qemu',
  ]);
  expect(domainCgroups({ ...domain, id: -1 })).toEqual([]);
});
