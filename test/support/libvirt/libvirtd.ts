import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroupMounts } from '../cgroup-v1.ts';
import { removeTree } from '../containerd/pod.ts';
import { cacheDirectory, findKernel, findPeer } from '../peers.ts';
import { type DomainSpec, domainXml } from './domain-xml.ts';

/** What a real libvirtd with guests needs. */
export const LIBVIRT_NEEDS = {
  root: process.getuid?.() === 0,
  ...Object.fromEntries(
    ['libvirtd', 'virsh', 'qemu-system-x86_64', 'qemu-ga', 'busybox', 'cpio', 'mke2fs', 'ip'].map(
      (name) => [name, findPeer(name)],
    ),
  ),
  kernel: findKernel(),
};

/** A libvirtd in namespaces and folders of its own, and its domains. */
export interface TestLibvirtd {
  /** For files of the test; removed at the end. */
  readonly folder: string;
  readonly socket: string;
  readonly readOnlySocket: string;
  /** The cgroup id below which those of its domains are. */
  readonly cgroup: string;
  virsh(...args: readonly string[]): string;
  /** Creates a domain, which runs, or is paused from the first moment on. */
  create(spec: DomainSpec, state?: 'running' | 'paused'): void;
  /** The pid of a domain's QEMU, as the host sees it. */
  pidOf(domain: string): number;
  /** The pid of the daemon itself. */
  daemonPid(): number;
  /** Stops the daemon with SIGSTOP. */
  pause(): void;
  resume(): void;
  /** Ends the daemon alone; its domains go on. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the daemon, again after a kill. */
  start(): Promise<void>;
  /** Ends the domains, the daemon and the namespaces, and removes cgroups and folders. */
  stop(): Promise<void>;
}

/** In a network namespace of its own: no log daemon, no security driver, nobody to ask for rights. */
const QEMU_CONF = `user="root"
group="root"
dynamic_ownership=0
remember_owner=0
security_driver="none"
namespaces=[]
stdio_handler="file"
`;
const LIBVIRTD_CONF = 'auth_unix_ro="none"\nauth_unix_rw="none"\n';
/** libvirtd looks it up before it reads which user to take. */
const USER = 'libvirt-qemu';
const START_SECONDS = 30;

/** Starts it; `name` is the test's. */
export async function startLibvirtd(name: string): Promise<TestLibvirtd> {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-libvirt-'));
  const top = `sandgauge-${process.pid}-${name}`;
  const holder = await enterNamespaces(folder);
  const run = join(folder, 'run/libvirt');
  const socket = join(run, 'libvirt-sock');
  let daemon: ChildProcess | undefined;
  for (const mount of cgroupMounts()) makePartition(mount, `${top}.partition`);
  const libvirtd: TestLibvirtd = {
    ...{ folder, socket, readOnlySocket: `${socket}-ro`, cgroup: `/${top}.partition` },
    ...{ virsh, create, pidOf, daemonPid, pause, resume, kill, start, stop },
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return libvirtd;

  function virsh(...args: readonly string[]): string {
    const uri = `qemu:///system?socket=${socket}`;
    return execFileSync('virsh', ['-c', uri, ...args], { encoding: 'utf8', stdio: 'pipe' });
  }

  function create(spec: DomainSpec, state: 'running' | 'paused' = 'running'): void {
    const file = join(folder, `${spec.name}.xml`);
    writeFileSync(file, domainXml(spec, `/${top}`));
    virsh('create', file, ...(state === 'paused' ? ['--paused'] : []));
  }

  function pidOf(domain: string): number {
    const inside = Number(readFileSync(join(run, `qemu/${domain}.pid`), 'utf8'));
    const namespace = readlinkSync(`/proc/${holder.pid}/ns/pid`);
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      const ids = /^NSpid:\s+\d+\s+(\d+)$/m.exec(readIfThere(`/proc/${pid}/status`))?.[1];
      if (ids === String(inside) && readlinkSync(`/proc/${pid}/ns/pid`) === namespace) {
        return Number(pid);
      }
    }
    throw new Error(`the QEMU of ${domain} is gone`);
  }

  function daemonPid(): number {
    if (daemon === undefined) throw new Error('libvirtd was not started');
    return childOf(daemon);
  }

  function pause(): void {
    process.kill(daemonPid(), 'SIGSTOP');
  }

  /** nsenter stops with what it started, and lets it go on when it does so itself. */
  function resume(): void {
    daemon?.kill('SIGCONT');
  }

  async function kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (daemon?.exitCode !== null || daemon.signalCode !== null) return;
    const gone = once(daemon, 'exit');
    process.kill(daemonPid(), signal);
    await gone;
  }

  async function start(): Promise<void> {
    const log = openSync(join(folder, 'libvirtd.log'), 'a');
    const enter = ['-t', String(holder.pid), '--mount', '--net', '--pid'];
    const command = [findPeer('libvirtd') ?? 'libvirtd', '-f', '/etc/libvirt/libvirtd.conf'];
    daemon = spawn('nsenter', [...enter, ...command], { stdio: ['ignore', log, log] });
    for (let tries = 0; tries < START_SECONDS * 10; tries++) {
      try {
        virsh('version');
        return;
      } catch {
        await sleep(100);
      }
    }
    throw new Error(`libvirtd did not start:\n${readFileSync(join(folder, 'libvirtd.log'))}`);
  }

  async function stop(): Promise<void> {
    const gone = once(holder.process, 'exit');
    // The namespace ends when nobody outside has an end to take in there.
    daemon?.kill('SIGKILL');
    process.kill(holder.pid, 'SIGKILL');
    await gone;
    for (const mount of cgroupMounts()) await removeTree(join(mount, `${top}.partition`));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes folders, user and network, and a process that keeps them. */
async function enterNamespaces(folder: string): Promise<{ pid: number; process: ChildProcess }> {
  const cache = join(cacheDirectory(), 'libvirt');
  for (const each of ['etc', 'lib', 'log', 'run']) mkdirSync(join(folder, each));
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(folder, 'etc/qemu.conf'), QEMU_CONF);
  writeFileSync(join(folder, 'etc/libvirtd.conf'), LIBVIRTD_CONF);
  const entries = {
    passwd: `${USER}:x:64055:64055::/:/usr/sbin/nologin`,
    group: `${USER}:x:64055:`,
  };
  for (const [file, entry] of Object.entries(entries)) {
    const others = readFileSync(`/etc/${file}`, 'utf8').split('\n');
    const kept = others.filter((line) => line !== '' && !line.startsWith(`${USER}:`));
    writeFileSync(join(folder, file), [...kept, entry, ''].join('\n'));
  }
  const script = join(import.meta.dirname, 'libvirtd.sh');
  const flags = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const log = join(folder, 'namespaces.log');
  const unshare = spawn('unshare', [...flags, 'sh', script, folder, cache], {
    stdio: ['pipe', 'pipe', openSync(log, 'w')],
  });
  await Promise.race([
    once(unshare.stdout as Readable, 'data'),
    once(unshare, 'exit').then(() => {
      throw new Error(`the namespaces of libvirtd were not made:\n${readIfThere(log)}`);
    }),
  ]);
  return { pid: childOf(unshare), process: unshare };
}

/** A process that enters a pid namespace forks into it. */
function childOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}

/** A partition must be there before a domain is: libvirt.org/cgroups.html. */
function makePartition(mount: string, name: string): void {
  const directory = join(mount, name);
  mkdirSync(directory, { recursive: true });
  // A cpuset of v1 has neither before it is told; one of v2 takes its parent's.
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const parents = readIfThere(join(mount, file));
    if (parents !== '') writeFileSync(join(directory, file), parents);
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
