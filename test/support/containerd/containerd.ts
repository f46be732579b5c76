import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPeer } from '../peers.ts';
import { type Cri, connectCri } from './cri.ts';
import { makeImage } from './image.ts';

/** Images that every test containerd has; both hold the same static busybox. */
export const IMAGES = {
  pause: 'registry.test/pause:3.9',
  tools: 'registry.test/team/tools:1.0',
} as const;

/** A containerd of the test's own: root, state, socket and network beside those of the machine. */
export interface Containerd {
  /** What `containerd_state_directories` should name. */
  readonly state: string;
  /** Where its CRI answers. */
  readonly socket: string;
  /** The network namespace at the other end of each pod's veth, 10.77.0.1. */
  readonly peerNamespace: string;
  readonly cri: Cri;
  /** Imports the images of an archive. */
  load(archive: string): void;
  /** Runs `ctr` in the namespace of the CRI. */
  ctr(...args: readonly string[]): string;
  /** Stops and starts its process; what runs stays. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** How a containerd is started. */
interface ContainerdOptions {
  /** With its state below /run, and its mounts shared in a mount namespace of its own. */
  readonly isAsOnNode?: boolean;
  /** The native one copies layers, which any file system can hold. */
  readonly snapshotter?: 'native' | 'overlayfs';
  /** Programs behind runc's shim, by the name of their handler. */
  readonly handlers?: Readonly<Record<string, string>>;
}

/** Starts it and imports the images; `programs` are host paths by path in the images. */
export async function startContainerd(
  programs: Readonly<Record<string, string>>,
  { isAsOnNode = false, snapshotter = 'native', handlers = {} }: ContainerdOptions = {},
): Promise<Containerd> {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-containerd-'));
  const peerNamespace = `sandgauge-${process.pid}`;
  const state = mkdtempSync(join(isAsOnNode ? '/run' : tmpdir(), 'sandgauge-state-'));
  const socket = join(folder, 'c.sock');
  execFileSync('ip', ['netns', 'add', peerNamespace]);
  writeNetwork(folder, peerNamespace);
  writeFileSync(join(folder, 'config.toml'), configOf(folder, state, snapshotter, handlers));
  const log = openSync(join(folder, 'log'), 'w');
  const command = ['containerd', '-c', join(folder, 'config.toml')];
  const shared = ['unshare', '--mount', '--propagation=shared'];
  const [program = '', ...args] = [...(isAsOnNode ? shared : []), ...command];
  let end = launch();
  const cri = connectCri(socket);
  try {
    await ready(cri);
    const image = makeImage(folder, Object.values(IMAGES), findPeer('busybox') ?? '', programs);
    load(image);
  } catch (error) {
    const text = readFileSync(join(folder, 'log'), 'utf8');
    await stop();
    throw new Error(`containerd did not start:\n${text.slice(-4000)}`, { cause: error });
  }
  return { state, socket, peerNamespace, cri, load, ctr, restart, stop };

  function launch(): () => Promise<unknown> {
    const child = spawn(program, args, { stdio: ['ignore', log, log] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    return () => {
      child.kill('SIGTERM');
      return exited;
    };
  }

  async function restart(): Promise<void> {
    await end();
    end = launch();
    await ready(cri);
  }

  function load(archive: string): void {
    ctr('images', 'import', archive);
  }

  function ctr(...args: readonly string[]): string {
    const all = ['-a', socket, '-n', 'k8s.io', ...args];
    return execFileSync('ctr', all, { stdio: 'pipe', encoding: 'utf8' });
  }

  async function stop(): Promise<void> {
    cri.close();
    await end();
    execFileSync('ip', ['netns', 'delete', peerNamespace]);
    for (const each of [folder, state]) rmSync(each, { recursive: true, force: true });
  }
}

async function ready(cri: Cri): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await cri.call('Version', {});
      return;
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(100);
    }
  }
}

function writeNetwork(folder: string, peer: string): void {
  for (const name of ['bin', 'net.d']) mkdirSync(join(folder, name));
  for (const name of ['sandgauge-veth', 'loopback']) {
    copyFileSync(join(import.meta.dirname, 'cni.sh'), join(folder, 'bin', name));
  }
  const plugins = [{ type: 'sandgauge-veth', peer }];
  const list = { cniVersion: '0.3.1', name: 'sandgauge', plugins };
  writeFileSync(join(folder, 'net.d/10-sandgauge.conflist'), JSON.stringify(list));
}

/** Runs without CAP_SYS_RESOURCE. */
function configOf(
  folder: string,
  state: string,
  snapshotter: string,
  handlers: Readonly<Record<string, string>>,
): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const runc = `${cri}.containerd.runtimes.runc`;
  const others = Object.entries(handlers).map(
    ([name, program]) => `
    [${cri}.containerd.runtimes.${name}]
      runtime_type = "io.containerd.runc.v2"
      [${cri}.containerd.runtimes.${name}.options]
        BinaryName = "${program}"
        Root = "${folder}/${name}"`,
  );
  return `
version = 2
root = "${folder}/root"
state = "${state}"
oom_score = 0
[grpc]
  address = "${folder}/c.sock"
[ttrpc]
  address = "${folder}/t.sock"
[${cri}]
  sandbox_image = "${IMAGES.pause}"
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [${cri}.cni]
    bin_dir = "${folder}/bin"
    conf_dir = "${folder}/net.d"
  [${cri}.containerd]
    snapshotter = "${snapshotter}"
    default_runtime_name = "runc"
    [${runc}]
      runtime_type = "io.containerd.runc.v2"
      [${runc}.options]
        SystemdCgroup = false
        Root = "${folder}/runc"
${others.join('')}
`;
}
