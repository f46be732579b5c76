import { chmodSync, globSync } from 'node:fs';
import { runsc } from '../../src/receivers/runsc/factory.ts';
import { containerdConfig, type Who, writeContainerd } from '../support/bundles.ts';
import { type FakeHost, makeHost, podSlice } from '../support/fake-host.ts';
import { type Observed, runObserved } from '../support/observed.ts';
import { type SandboxDouble, startDouble } from '../support/runsc/double.ts';

/** A node with a good container and a good sandbox, and with others that may be spoilt. */
export interface Node extends FakeHost {
  readonly good: Who;
  readonly bad: Who;
  readonly goodSandbox: SandboxDouble;
  readonly badSandbox: SandboxDouble;
  /** Makes the cgroup of the bad container; those that were read before keep their files open. */
  addBad(): void;
  /** Runs the receivers over it with one clock. */
  run(now: () => number): Promise<Record<'cgroup' | 'runsc', Observed>>;
  close(): Promise<void>;
}

const POD = { pod: 'web-0', namespace: 'shop' };
const UIDS = ['16b4b963-ffee-4616-812c-a13ed94c0c7f', '2d0f59af-cdfd-4da5-8a95-8f59071547fe'];
const NET_DEV = `Inter-|   Receive |  Transmit
 face |bytes packets
  eth0: 7 7 0 0 0 0 0 0 7 7 0 0 0 0 0 0
`;
const PROC: Readonly<Record<string, string>> = {
  vmstat: 'nr_free_pages 7\noom_kill 3\n',
  loadavg: '0.1 0.1 0.1 3/500 77\n',
  diskstats: '   8       0 sda 10 0 20 30 10 0 20 30 0 60 60\n',
  'pressure/cpu': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=7000000\n',
  '1/net/dev': NET_DEV,
};

/** The cgroup of a container. */
export function scopeOf({ id, podUid }: Who): string {
  return `${podSlice(podUid)}/cri-containerd-${id}.scope`;
}

/** Makes the node; everything is readable for all, sockets too. */
export async function makeNode(): Promise<Node> {
  const host = makeHost();
  const [good, bad] = UIDS.map((podUid, i) => ({
    ...{ ...POD, podUid, id: 'ab'.charAt(i).repeat(64), container: ['good', 'bad'][i] },
  })) as [Who, Who];
  for (const [name, text] of Object.entries(PROC)) host.write(`proc/${name}`, text);
  let addBad = () => {};
  for (const [i, who] of [good, bad].entries()) {
    const pid = 101 + i;
    const own = {
      'io.stat': '8:0 rbytes=7 wbytes=7 rios=7 wios=7\n',
      'cpu.pressure': PROC['pressure/cpu'] ?? '',
    };
    host.cgroup(podSlice(who.podUid));
    const add = () => host.cgroup(scopeOf(who), [pid], own);
    if (who === good) add();
    else addBad = add;
    host.write(
      `proc/${pid}/limits`,
      'Max open files            1024                 4096     files\n',
    );
    host.write(`proc/${pid}/stat`, `${pid} (a) S ${'1 '.repeat(18)}700 7\n`);
    writeContainerd(host, who);
    host.write(containerdConfig(who.id).replace('config.json', 'shim-binary-path'), '/bin/runc\n');
  }
  const [goodSandbox, badSandbox] = [await startDouble(host.path), await startDouble(host.path)];
  for (const { pid } of [goodSandbox, badSandbox]) {
    host.write(`proc/${pid}/cgroup`, `0::/sandbox-${pid}\n`);
    host.cgroup(`/sandbox-${pid}`, [pid]);
  }
  chmodSync(host.path, 0o755);
  for (const socket of globSync(`${host.path}/run/runsc/*.sock`)) chmodSync(socket, 0o777);
  const running: Observed[] = [];
  return { ...host, good, bad, goodSandbox, badSandbox, addBad, run, close };

  async function run(now: () => number): Promise<Record<'cgroup' | 'runsc', Observed>> {
    const observer = `root_path: ${host.path}`;
    // A real cgroup's file is never replaced under an open descriptor.
    const oneKept = `${observer}\nfd_budget: 1`;
    const cgroup = await runObserved({ receiver: oneKept, observer }, now);
    const receiver = `${observer}\nsandbox_timeout: 300ms`;
    const sandboxes = await runObserved({ factory: runsc, receiver, observer }, now);
    running.push(cgroup, sandboxes);
    return { cgroup, runsc: sandboxes };
  }

  async function close(): Promise<void> {
    for (const each of running) await each.shutdown();
    await goodSandbox.close();
    await badSandbox.close();
    host.remove();
  }
}
