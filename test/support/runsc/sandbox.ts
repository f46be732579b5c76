import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupMounts } from '../cgroup-v1.ts';
import { removeTree } from '../containerd/pod.ts';
import { findPeer } from '../peers.ts';

/** A container to start in a sandbox. */
interface ContainerSpec {
  readonly command: readonly string[];
  readonly resources?: object;
}

/** A gVisor pod of Debian's runsc, as containerd's shim would have started it. */
export interface RunscPod {
  /** runsc's --root. */
  readonly root: string;
  readonly uid: string;
  /** The cgroup id of the pod. */
  readonly cgroup: string;
  readonly sandboxId: string;
  /** Container ids by name; the sandbox is `pause`. */
  readonly ids: Readonly<Record<string, string>>;
  /** Where an overlay keeps what the containers write. */
  readonly upper: string;
  /** The process in which the whole sandbox runs. */
  pid(): number;
  cgroupOf(name: string): string;
  runsc(...args: readonly string[]): string;
  stop(): Promise<void>;
}

const APPLETS = ['sh', 'sleep', 'awk', 'true', 'nc', 'dd'];
const CAPABILITIES = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE'];

/** How a pod is started. */
export interface PodOptions {
  readonly containers: Readonly<Record<string, ContainerSpec>>;
  /** The name of a network namespace to run in; none has no network at all. */
  readonly networkNamespace?: string;
  /** Where its files go; a temporary folder by default. */
  readonly parent?: string;
  /** Mounts an overlay as the root file system, as engines do, with its upper directory at `upper`. */
  readonly isOverlay?: boolean;
  /** Flags of runsc beside the usual ones. */
  readonly flags?: readonly string[];
}

/** Starts the sandbox (`pause`) and then the containers, under `/sandgauge-<pid>-<name>`. */
export async function runRunscPod(
  name: string,
  { containers, networkNamespace, parent = tmpdir(), isOverlay = false, flags = [] }: PodOptions,
): Promise<RunscPod> {
  const folder = mkdtempSync(join(parent, 'sandgauge-runsc-'));
  const root = join(folder, 'root');
  const top = `/sandgauge-${process.pid}-${name}`;
  const uid = `aaaabbbb-1111-2222-3333-${randomBytes(6).toString('hex')}`;
  const cgroup = `${top}/kubepods/burstable/pod${uid}`;
  const sandboxId = randomBytes(32).toString('hex');
  const ids: Record<string, string> = { pause: sandboxId };
  const upper = join(folder, 'upper');
  const rootfs = join(folder, 'rootfs');
  makeRootfs(isOverlay ? join(folder, 'lower') : rootfs);
  if (isOverlay) mountOverlay(folder);
  const network = networkNamespace === undefined ? 'none' : 'sandbox';
  const global = ['--root', root, '--platform=ptrace', `--network=${network}`, ...flags];
  const pod: RunscPod = {
    ...{ root, uid, cgroup, sandboxId, ids, upper },
    pid: () => {
      const path = join(root, `${sandboxId}_sandbox:${sandboxId}.state`);
      return JSON.parse(readFileSync(path, 'utf8')).sandbox.pid;
    },
    cgroupOf: (each) => `${cgroup}/${ids[each]}`,
    runsc: (...args) => execFileSync('runsc', [...global, ...args], { encoding: 'utf8' }),
    stop,
  };
  try {
    await run('pause', sandboxId, { command: ['/bin/sleep', '100000'] });
    for (const [each, spec] of Object.entries(containers)) {
      const id = randomBytes(32).toString('hex');
      ids[each] = id;
      await run(each, id, spec);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return pod;

  async function run(container: string, id: string, spec: ContainerSpec): Promise<void> {
    const bundle = join(folder, container);
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(configOf(container, id, spec)));
    const args = [...global, 'run', '--bundle', bundle, '--detach', id];
    // A file, for the sandbox keeps it open.
    const log = openSync(join(bundle, 'log'), 'w');
    const command = ['-c', shellOf(), 'sh', 'runsc', ...args];
    await finished(spawn('sh', command, { stdio: ['ignore', log, log] })).finally(() =>
      closeSync(log),
    );
  }

  /**
   * Debian's runsc takes a network namespace for the host's where /proc/sys/net/core is full, as it is
   * everywhere on newer kernels: an empty folder is mounted over it, in a mount namespace of its own.
   */
  function shellOf(): string {
    if (networkNamespace === undefined) return 'exec "$@"';
    const empty = join(folder, 'empty');
    mkdirSync(empty, { recursive: true });
    const hide = `mount --bind '${empty}' /proc/sys/net/core`;
    const inNamespace = `nsenter --net=/run/netns/${networkNamespace} ${hide}`;
    return `exec unshare -m sh -c 'mount --make-rprivate /; ${inNamespace.replaceAll("'", "'\\''")}; exec "$@"' sh "$@"`;
  }

  function configOf(container: string, id: string, spec: ContainerSpec): object {
    const isSandbox = container === 'pause';
    const namespaces = ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type }));
    const path = networkNamespace === undefined ? {} : { path: `/run/netns/${networkNamespace}` };
    return {
      ociVersion: '1.0.2',
      process: {
        user: { uid: 0, gid: 0 },
        args: spec.command,
        env: ['PATH=/bin'],
        cwd: '/',
        capabilities: {
          bounding: CAPABILITIES,
          effective: CAPABILITIES,
          permitted: CAPABILITIES,
        },
      },
      root: { path: rootfs },
      hostname: name,
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/tmp', type: 'tmpfs', source: 'tmpfs' },
      ],
      annotations: {
        'io.kubernetes.cri.container-type': isSandbox ? 'sandbox' : 'container',
        'io.kubernetes.cri.sandbox-id': sandboxId,
        'io.kubernetes.cri.sandbox-name': name,
        'io.kubernetes.cri.sandbox-namespace': 'team',
        'io.kubernetes.cri.sandbox-uid': uid,
        ...(isSandbox
          ? { 'io.kubernetes.cri.podsandbox.image-name': 'registry.test/pause:3.9' }
          : {
              'io.kubernetes.cri.container-name': container,
              'io.kubernetes.cri.image-name': 'registry.test/team/tools:1.0',
            }),
      },
      linux: {
        cgroupsPath: `${cgroup}/${id}`,
        resources: spec.resources ?? {},
        namespaces: [...namespaces, { type: 'network', ...path }],
      },
    };
  }

  async function stop(): Promise<void> {
    for (const id of Object.values(ids).reverse()) {
      await finished(
        spawn('runsc', [...global, 'delete', '--force', id], { stdio: 'ignore' }),
      ).catch(() => {});
    }
    for (const mount of cgroupMounts()) await removeTree(join(mount, top));
    if (isOverlay) execFileSync('umount', [rootfs]);
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeRootfs(rootfs: string): void {
  for (const folder of ['bin', 'proc', 'tmp', 'dev']) {
    mkdirSync(join(rootfs, folder), { recursive: true });
  }
  copyFileSync(findPeer('busybox') ?? 'busybox', join(rootfs, 'bin/busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(rootfs, 'bin', applet));
}

function mountOverlay(folder: string): void {
  for (const name of ['upper', 'work', 'rootfs']) mkdirSync(join(folder, name));
  const options = `lowerdir=${folder}/lower,upperdir=${folder}/upper,workdir=${folder}/work`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, join(folder, 'rootfs')]);
}

async function finished(child: ChildProcess): Promise<void> {
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} exited with ${code}`);
}
