import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseVirtDf, readVirtDf } from '../../../src/platform/libvirt/virt-df.ts';

/** As `virt-df --csv` printed it; a name of a logical volume is longer. */
const CSV = `VirtualMachine,Filesystem,1K-blocks,Used,Available,Use%
tiny0,/dev/sda,56037,526,50925,0.9
tiny0,/dev/vg/root,1000,10,900,1.0%
tiny0,/dev/sdb,-,-,-,-
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-virt-df-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A double of virt-df. */
function program(script: string): string {
  const path = join(folder, 'virt-df');
  writeFileSync(path, `#!/bin/sh\n${script}`);
  chmodSync(path, 0o755);
  return path;
}

const read = (path: string, millis = 5000) =>
  readVirtDf({ program: path, socket: '/run/x' }, 'uuid', performance.now() + millis);

test('used, and the total as an agent tells it', () => {
  expect(parseVirtDf(CSV)).toEqual([
    { name: '/dev/sda', usedBytes: 526 * 1024, totalBytes: (526 + 50_925) * 1024 },
    { name: '/dev/vg/root', usedBytes: 10 * 1024, totalBytes: 910 * 1024 },
  ]);
  expect(parseVirtDf('')).toEqual([]);
});

test('it is asked for one domain of one daemon', async () => {
  const told = await read(program(`printf '%s\\n' "$@" >'${folder}/args'; cat <<'EOF'\n${CSV}EOF`));
  expect(told).toHaveLength(2);
  const args = readFileSync(join(folder, 'args'), 'utf8').trim().split('\n');
  expect(args).toEqual([
    ...['--csv', '--uuid', '-c', 'qemu:///system?socket=/run/x', '-d', 'uuid'],
  ]);
});

test('what it says when it fails is told, and what to do without it', async () => {
  const failing = program('echo first >&2; echo "libguestfs: error: no kernel" >&2; exit 1');
  await expect(read(failing)).rejects.toThrow('failed: libguestfs: error: no kernel');
  await expect(read(join(folder, 'absent'))).rejects.toThrow('install guestfs-tools');
  await expect(read(program('exec sleep 60'), 100)).rejects.toThrow('did not end in time');
});
