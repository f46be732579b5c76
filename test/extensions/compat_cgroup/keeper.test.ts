import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isMissing } from '../../support/peers.ts';
import { cgroupOf, podSlice, writeState } from '../../support/runsc/states.ts';
import { APP, type CompatHost, makeHost, POD, passes, SANDBOX } from './host.ts';

const WAIT = { timeout: 5000, interval: 20 };

let host: CompatHost;
beforeEach(() => {
  host = makeHost();
});

const unified = () =>
  /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1];
const isSkipped = isMissing('compat cgroups on this kernel', {
  'a cgroup2 mount that root may write': process.getuid?.() === 0 && unified(),
});

describe.skipIf(isSkipped)('on a real cgroup v2 file system', () => {
  let mount: string;
  let child: ChildProcess | undefined;
  const slice = () => `${mount}${podSlice(POD).path}`;
  const directory = () => `${mount}${cgroupOf(APP)}`;

  beforeEach(() => {
    mount = `${unified()}/sandgauge-${process.pid}`;
    mkdirSync(slice(), { recursive: true });
  });
  afterEach(async () => {
    host.close();
    child?.kill('SIGKILL');
    child = undefined;
    await vi.waitFor(() => removeCgroups(mount), WAIT);
  });

  /** A process beside the containers, as the sandbox is. */
  const populate = () => {
    mkdirSync(`${slice()}/pause.scope`);
    child = spawn('sleep', ['100'], { stdio: 'ignore' });
    writeFileSync(`${slice()}/pause.scope/cgroup.procs`, String(child.pid));
  };

  test('the directory is made once, bears the mark, and goes with its container', async () => {
    const path = writeState(host.states, APP);
    host.startKeeper(mount);
    const { ino, mode } = statSync(directory());
    expect(mode & 0o1777).toBe(0o1755);
    await passes(3);
    expect(statSync(directory()).ino).toBe(ino);
    expect(new Set(host.log).size).toBe(host.log.length);
    rmSync(path);
    await vi.waitFor(() => expect(existsSync(directory())).toBe(false), WAIT);
    expect(existsSync(slice())).toBe(true);
  });

  test('it comes with its state file, and goes with its sandbox', async () => {
    const keeper = host.startKeeper(mount, '', '1h');
    writeState(host.states, APP);
    await vi.waitFor(() => expect(existsSync(directory())).toBe(true), WAIT);
    keeper.stop();
    host.kill();
    host.startKeeper(mount);
    expect(existsSync(directory())).toBe(false);
  });

  test('without a slice of the pod there is nothing to make, and nothing to say', async () => {
    rmdirSync(slice());
    writeState(host.states, APP);
    host.startKeeper(mount);
    await passes(2);
    expect(existsSync(slice())).toBe(false);
    expect(host.log).toEqual([]);
    mkdirSync(slice());
    await vi.waitFor(() => expect(existsSync(directory())).toBe(true), WAIT);
  });

  test('what another hand removed comes back only while the pod has processes', async () => {
    writeState(host.states, APP);
    host.startKeeper(mount);
    rmdirSync(directory());
    await passes(3);
    expect(existsSync(directory())).toBe(false);
    populate();
    await vi.waitFor(() => expect(existsSync(directory())).toBe(true), WAIT);
  });

  test('one with a process or a child is not removed', async () => {
    const path = writeState(host.states, APP);
    host.startKeeper(mount);
    child = spawn('sleep', ['100'], { stdio: 'ignore' });
    writeFileSync(`${directory()}/cgroup.procs`, String(child.pid));
    await vi.waitFor(() => expect(statSync(directory()).mode & 0o1000).toBe(0), WAIT);
    rmSync(path);
    await passes(2);
    expect(existsSync(directory())).toBe(true);
  });

  test('a sandbox that joins another cgroup leaves its own as empty as the others', () => {
    const pause = { ...APP, id: SANDBOX };
    writeState(host.states, pause);
    const keeper = host.startKeeper(mount);
    expect(readdirSync(slice()).filter((name) => name.endsWith('.scope'))).toEqual([]);
    keeper.stop();
    writeState(host.states, { ...pause, annotations: { 'dev.gvisor.spec.cgroup-parent': '/x' } });
    host.startKeeper(mount);
    expect(existsSync(`${mount}${cgroupOf(pause)}`)).toBe(true);
  });

  test('all stays when the agent ends, unless it is told to take it back', () => {
    writeState(host.states, APP);
    host.startKeeper(mount).stop();
    expect(existsSync(directory())).toBe(true);
    host.startKeeper(mount, 'remove_on_shutdown: true').stop();
    expect(existsSync(directory())).toBe(false);
    expect(existsSync(slice())).toBe(true);
  });

  test('a dry run makes and removes nothing', () => {
    mkdirSync(`${slice()}/cri-containerd-${'0'.repeat(64)}.scope`, 0o1755);
    writeState(host.states, APP);
    host.startKeeper(mount, 'dry_run: true, remove_on_shutdown: true').stop();
    expect(existsSync(directory())).toBe(false);
    expect(host.log).toHaveLength(1);
    expect(host.log[0]).toContain(`mkdir ${directory()}`);
    expect(host.log[0]).toContain(`rmdir ${slice()}/cri-containerd-${'0'.repeat(64)}.scope`);
    expect(readdirSync(slice())).toContain(`cri-containerd-${'0'.repeat(64)}.scope`);
  });
});

/** Cgroups are removed from the leaves on; their files are none of ours. */
function removeCgroups(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroups(join(directory, entry.name));
  }
  rmdirSync(directory);
}
