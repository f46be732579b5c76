import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { containerdConfig, type Who, writeContainerd } from '../support/bundles.ts';
import { makeCgroup, type TestCgroup } from '../support/cgroup-v1.ts';
import { type FakeHost, podSlice } from '../support/fake-host.ts';
import { type SandboxDouble, startDouble } from '../support/runsc/double.ts';

/** Workloads that come together and go together. */
export interface Generation {
  /** Texts of which none may be in a scrape once they are gone. */
  readonly ids: readonly string[];
  end(): Promise<void>;
}

/** How many of each a generation has. */
export interface Sizes {
  readonly pods: number;
  readonly sandboxes: number;
  /** Real cgroups of v1; some of them have a process. */
  readonly cgroups: number;
}

const CONTROLLERS = ['cpu', 'cpuacct', 'memory', 'pids', 'blkio'];
const USED = 8;
const hex = () => randomBytes(32).toString('hex');
let pids = 100_000;

/** Makes them below `host`, and real ones below `parent`. */
export async function makeGeneration(
  host: FakeHost,
  parent: string,
  sizes: Sizes,
): Promise<Generation> {
  const pods = Array.from({ length: sizes.pods }, () => makePod(host));
  const doubles: SandboxDouble[] = [];
  for (let i = 0; i < sizes.sandboxes; i++) {
    doubles.push(await startDouble(host.path, { containers: ['a', 'b'] }));
  }
  const cgroups: TestCgroup[] = [];
  const processes: ChildProcess[] = [];
  for (let i = 0; i < sizes.cgroups; i++) {
    const cgroup = makeCgroup(`${parent}/job-${hex()}.service`, CONTROLLERS);
    cgroups.push(cgroup);
    if (i < USED) processes.push(cgroup.run(['sleep', '600']));
  }
  const ids = [
    ...pods.flatMap(({ who }) => who.map(({ id }) => id)),
    ...doubles.flatMap((each) => Object.values(each.containers).map(({ id }) => id)),
    ...cgroups.map(({ id }) => id),
  ];
  return { ids, end };

  async function end(): Promise<void> {
    for (const { who, pid } of pods) {
      host.remove(`sys/fs/cgroup${podSlice(who[0]?.podUid ?? '')}`);
      for (const { id } of who) host.remove(containerdConfig(id).replace('/config.json', ''));
      host.remove(`proc/${pid}`);
    }
    for (const double of doubles) {
      for (const { id } of Object.values(double.containers)) {
        host.remove(`run/runsc/${id}_sandbox:${double.id}.state`);
      }
      await double.close();
    }
    for (const cgroup of cgroups) await cgroup.remove();
    for (const each of processes) each.kill();
  }
}

/** A pause container with an interface of a name of its own, and two containers; one bundle is bad. */
function makePod(host: FakeHost): { who: Who[]; pid: number } {
  const podUid = randomUUID();
  const pod = { podUid, pod: `web-${podUid.slice(0, 8)}`, namespace: 'shop' };
  const pid = ++pids;
  const who: Who[] = [undefined, 'app', 'sidecar'].map((container) => ({
    ...{ ...pod, id: hex() },
    ...(container === undefined ? {} : { container }),
  }));
  host.write(`proc/${pid}/net/dev`, `if${pid}: ${'7 '.repeat(16)}\n`);
  host.cgroup(podSlice(podUid));
  for (const [i, each] of who.entries()) {
    const config = i < 2 ? writeContainerd(host, each) : host.write(containerdConfig(each.id), '{');
    writeFileSync(
      config.replace('config.json', 'shim-binary-path'),
      '/bin/containerd-shim-runc-v2',
    );
    const files = { 'io.stat': `8:${pid % 1000} rbytes=7 wbytes=7 rios=7 wios=7\n` };
    host.cgroup(`${podSlice(podUid)}/cri-containerd-${each.id}.scope`, [pid], files);
  }
  return { who, pid };
}
