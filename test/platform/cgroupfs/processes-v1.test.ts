import { closeSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openProcesses } from '../../../src/platform/cgroupfs/processes.ts';
import { createFdBudget } from '../../../src/platform/file/fd-budget.ts';
import { createFileStore } from '../../../src/platform/file/file-store.ts';
import { makeCgroup, type TestCgroup, v1Mounts } from '../../support/cgroup-v1.ts';
import { isMissing } from '../../support/peers.ts';

const isSkipped = isMissing('processes of a v1 cgroup', {
  'cgroup v1 with root': v1Mounts().has('cpu') && process.getuid?.() === 0,
});

describe.skipIf(isSkipped)('a real v1 cgroup that is read more often than each second', () => {
  let cgroup: TestCgroup;
  let fd: number;
  beforeEach(() => {
    cgroup = makeCgroup('processes', ['cpu']);
    fd = openSync(`${cgroup.directory('cpu')}/cgroup.procs`, 'r');
  });
  afterEach(async () => {
    closeSync(fd);
    await cgroup.remove();
  });

  /** What the kernel tells of an open file. */
  const keptOpen = () => {
    const buffer = Buffer.alloc(4096);
    return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0));
  };

  test('an open file says for ever that it is empty; we tell the process', async () => {
    const listener = { failed() {}, recovered() {}, gone() {} };
    const files = createFileStore(createFdBudget(10), listener);
    const processes = openProcesses(cgroup.directory('cpu'), files, 1);
    expect([keptOpen(), processes.read(1)]).toEqual(['', []]);
    const { pid } = cgroup.run(['sleep', '100']);
    for (let pass = 2; pass < 14; pass++) {
      await sleep(200);
      expect(keptOpen()).toBe('');
    }
    expect(processes.read(14)).toEqual([pid]);
  });
});
