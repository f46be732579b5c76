import { lstatSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  deviceNameOf,
  isOnDevice,
  nodeFileSystems,
  parseMounts,
} from '../../../src/platform/procfs/mounts.ts';

const ID = 'a1'.repeat(32);
const POD = '11111111-aaaa-bbbb-cccc-000000000001';

/** A line as the kernel writes it: mount id, parent, device, root, mount point and options. */
function line(device: string, mountpoint: string, type: string, source: string, options = 'rw') {
  return `36 35 ${device} / ${mountpoint} rw,noatime shared:1 master:2 - ${type} ${source} ${options}\n`;
}

function upperOf(mountpoint: string, options: string): string | undefined {
  return parseMounts(line('0:40', mountpoint, 'overlay', 'overlay', options))[0]?.upper;
}

test('the upper directory of an overlay, as containerd, Docker and containers/storage mount it', () => {
  const snapshots = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';
  const containerd = `rw,lowerdir=${snapshots}/2/fs:${snapshots}/1/fs,upperdir=${snapshots}/7/fs,workdir=${snapshots}/7/work,uuid=on,nouserxattr`;
  const rootfs = `/run/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}/rootfs`;
  expect(upperOf(rootfs, containerd)).toBe(`${snapshots}/7/fs`);
  // Long lists of layers make them all relative to the driver's directory.
  const merged = `/var/lib/docker/overlay2/${ID}/merged`;
  const short = `rw,lowerdir=l/ABC:l/DEF,upperdir=${ID}/diff,workdir=${ID}/work`;
  expect(upperOf(merged, short)).toBe(`/var/lib/docker/overlay2/${ID}/diff`);
  // A relative path from elsewhere cannot be told.
  expect(upperOf('/mnt/other/merged', short)).toBeUndefined();
  expect(upperOf('/merged', short)).toBeUndefined();
  expect(upperOf('/ro', 'ro,lowerdir=/a:/b')).toBeUndefined();
  expect(upperOf('/x', 'rw,lowerdir=/my\\054upperdir=/no,upperdir=/a\\040b\\054c,workdir=/w')).toBe(
    '/a b,c',
  );
  const [ext4] = parseMounts(line('8:1', '/', 'ext4', '/dev/sda1', 'rw,upperdir=/etc'));
  expect(ext4?.upper).toBeUndefined();
});

test('devices have the names of cAdvisor', () => {
  const mounts = parseMounts(
    [
      line('8:1', '/', 'ext4', '/dev/sda1'),
      line('0:22', '/run', 'tmpfs', 'tmpfs'),
      line('0:40', '/var/lib/x', 'overlay', 'overlay'),
      line('0:41', '/with\\040space', 'tmpfs', 'none'),
      line('0:50', '/data', 'zfs', 'tank/data'),
    ].join(''),
  );
  expect(mounts.map(({ device }) => device)).toEqual([
    ...['/dev/sda1', '/run', 'overlay_0-40', '/with space', 'tank/data'],
  ]);
});

test('the file systems of the node are local ones, and none of a single container or pod', () => {
  const shown = [
    line('8:1', '/', 'ext4', '/dev/sda1'),
    line('253:0', '/var', 'xfs', '/dev/mapper/vg-var'),
    line('0:22', '/run', 'tmpfs', 'tmpfs'),
    line('0:30', '/data', 'btrfs', '/dev/sdb'),
    line('0:31', '/pods', 'tmpfs', 'tmpfs'),
  ];
  const hidden = [
    line('0:5', '/proc', 'proc', 'proc'),
    line('0:6', '/dev', 'devtmpfs', 'devtmpfs'),
    line('0:51', '/net', 'nfs4', 'host:/export'),
    line('0:52', '/fuse', 'fuse.sshfs', 'host:'),
    line('0:40', `/run/containerd/${ID}/rootfs`, 'overlay', 'overlay'),
    line('0:60', `/run/containerd/io.containerd.grpc.v1.cri/sandboxes/${ID}/shm`, 'tmpfs', 'shm'),
    line('0:61', `/var/lib/kubelet/pods/${POD}/volumes/kubernetes.io~secret/x`, 'tmpfs', 'tmpfs'),
  ];
  const mounts = parseMounts([...shown, ...hidden].join(''));
  expect(mounts).toHaveLength(12);
  expect(nodeFileSystems(mounts)).toEqual(parseMounts(shown.join('')));
  // A live system has nothing else below its root.
  const live = parseMounts(line('0:20', '/', 'overlay', 'overlay'));
  expect(nodeFileSystems(live)).toEqual(live);
});

test('the device of a file is that of its mount, also on btrfs, else its number', () => {
  const mounts = parseMounts(
    [
      line('8:1', '/', 'ext4', '/dev/sda1'),
      line('259:70000', '/nvme', 'xfs', '/dev/nvme0n1p9'),
      line('0:30', '/data', 'btrfs', '/dev/sdb'),
      line('0:31', '/data/inner', 'btrfs', '/dev/sdc'),
    ].join(''),
  );
  expect(deviceNameOf(mounts, 0x801, '/any')).toBe('/dev/sda1');
  const large = (70_000 & 0xff) | (259 << 8) | ((70_000 & ~0xff) << 12);
  expect(deviceNameOf(mounts, large >>> 0, '/any')).toBe('/dev/nvme0n1p9');
  expect(deviceNameOf(mounts, 0x99, '/data/file')).toBe('/dev/sdb');
  expect(deviceNameOf(mounts, 0x99, '/data/inner/file')).toBe('/dev/sdc');
  expect(deviceNameOf(mounts, 0x99, '/database')).toBe('0:153');
});

test('the mounts of this host: the device of a mount point is its own', () => {
  const mounts = parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  const proc = mounts.find(({ mountpoint }) => mountpoint === '/proc');
  expect(proc?.type).toBe('proc');
  expect(proc && isOnDevice(proc, lstatSync('/proc').dev)).toBe(true);
});

test('whatever the text holds, what is found has a mount point', () => {
  const part = fc.constantFrom(
    '36 35 ',
    '8:1 ',
    '/ ',
    '\\040',
    ' - ',
    'overlay ',
    'upperdir=',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string())), (parts) => {
      for (const { mountpoint, major } of parseMounts(parts.join(''))) {
        expect(mountpoint).not.toBe('');
        expect(major).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});
