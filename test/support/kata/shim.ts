import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** What a shim does instead of answering well. */
export type ShimFault =
  | 'slow'
  | 'hang'
  | 'half'
  | 'missing'
  | 'rubbish'
  | 'flood'
  | 'bomb'
  | 'no metrics';

/** How a double of a shim is made. */
export interface ShimOptions {
  readonly runtime?: 'go' | 'rs';
  /** What runtime-rs writes into state.json; none writes no file. */
  readonly hypervisor?: string;
  /** Text of an exposition; the synthetic sample of the runtime by default. */
  readonly text?: string;
  readonly isPacked?: boolean;
  /** Whether anything listens; the socket file is there all the same. */
  readonly listens?: boolean;
  /** The names of the workload containers of its pod; undefined makes no bundles. */
  readonly containers?: readonly string[];
  readonly id?: string;
}

/**
 * A double of a shim of Kata and of what it leaves on the host: a real socket below `host`, which stands
 * for the root of a host, state files, a bundle for each container and lines in /proc. Its texts are
 * synthetic. The order of the families is another one at each scrape, as with real shims.
 */
export interface ShimDouble {
  readonly id: string;
  readonly pid: number;
  readonly uid: string;
  text: string;
  fault: ShimFault | undefined;
  /** Requests so far. */
  readonly asked: string[];
  addContainer(name: string): string;
  removeContainer(id: string): void;
  /** Ends it and takes all of its files away. */
  close(): Promise<void>;
}

const FIXTURES = join(import.meta.dirname, '../../fixtures/kata');
const FLOOD = Buffer.alloc(1024 * 1024, '# flood\n');
const FLOOD_CHUNKS = 50;
const TASKS = 'run/containerd/io.containerd.runtime.v2.task/k8s.io';
let serial = 0;

/** The synthetic sample of a runtime. */
function sampleText(of: 'go' | 'rs'): string {
  const name = of === 'go' ? 'go-shim' : 'runtime-rs';
  return readFileSync(join(FIXTURES, `kata-sample-${name}.prom`), 'utf8');
}

/** Starts one. */
export async function startShim(host: string, options: ShimOptions = {}): Promise<ShimDouble> {
  const runtime = options.runtime ?? 'go';
  const id = options.id ?? randomBytes(32).toString('hex');
  const pid = 20_000 + ++serial;
  const uid = `aaaabbbb-1111-2222-3333-${String(serial).padStart(12, '0')}`;
  const directory = join(host, runtime === 'go' ? 'run/vc/sbs' : 'run/kata', id);
  const proc = join(host, 'proc', String(pid));
  const bundles = new Set<string>();
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.once('data', (data) => answer(socket, data.toString()));
  });
  mkdirSync(directory, { recursive: true });
  writeState();
  const socketPath = join(directory, 'shim-monitor.sock');
  await listen(server, socketPath);
  if (options.listens === false) await closeListener(server, socketPath);
  writeProcess();
  if (options.containers !== undefined) {
    writeBundle(id, undefined);
    for (const name of options.containers) addContainer(name);
  }
  const double: ShimDouble = {
    ...{ id, pid, uid, asked, addContainer, removeContainer, close },
    text: options.text ?? sampleText(runtime),
    fault: undefined,
  };
  return double;

  async function answer(socket: Socket, asking: string): Promise<void> {
    asked.push(asking);
    const { fault } = double;
    if (fault === 'hang') return;
    if (fault === 'slow') await sleep(300);
    if (fault === 'rubbish') return void socket.end('\0\x01 this is no HTTP');
    if (fault === 'missing') return void socket.end(`${head('404 Not Found', 13)}URL NOT FOUND`);
    if (fault === 'half') return void socket.end(`${head('200 OK', 100_000)}kata_shim_fds 4`);
    if (fault === 'flood') return flood(socket);
    if (fault === 'bomb') return send(socket, gzipSync(Buffer.alloc(50 * 1024 * 1024)), true);
    const text = fault === 'no metrics' ? '<html>' : shuffled(double.text);
    send(socket, options.isPacked ? gzipSync(text) : Buffer.from(text), options.isPacked === true);
  }

  function send(socket: Socket, body: Buffer, isPacked: boolean): void {
    const encoding = isPacked ? 'Content-Encoding: gzip\r\n' : '';
    socket.write(`HTTP/1.1 200 OK\r\n${encoding}Content-Length: ${body.length}\r\n\r\n`);
    socket.end(body);
  }

  function flood(socket: Socket): void {
    socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
    for (let i = 0; i < FLOOD_CHUNKS; i++) socket.write(FLOOD);
    socket.end();
  }

  function writeState(): void {
    if (runtime === 'go') {
      const HypervisorState = { Type: 'qemu', Pid: 0, VirtiofsdPid: 0 };
      writeFileSync(join(directory, 'persist.json'), JSON.stringify({ HypervisorState }));
    } else if (options.hypervisor !== undefined) {
      const isInside = options.hypervisor === 'dragonball';
      const hypervisor = { hypervisor_type: options.hypervisor, pid: isInside ? pid : null };
      writeFileSync(join(directory, 'state.json'), JSON.stringify({ hypervisor }));
    }
  }

  /** As much of /proc as tells who listens. */
  function writeProcess(): void {
    mkdirSync(join(proc, 'fd'), { recursive: true });
    writeFileSync(join(proc, 'cmdline'), `containerd-shim-kata-v2\0-id\0${id}\0`);
    symlinkSync(`socket:[${pid}]`, join(proc, 'fd', '7'));
    mkdirSync(join(host, 'proc/1/net'), { recursive: true });
    const line = `0: 00000002 00000000 00010000 0001 01 ${pid} ${socketPath}\n`;
    writeFileSync(join(host, 'proc/1/net/unix'), line, { flag: 'a' });
  }

  function addContainer(name: string): string {
    const container = randomBytes(32).toString('hex');
    writeBundle(container, name);
    return container;
  }

  function removeContainer(container: string): void {
    rmSync(join(host, TASKS, container), { recursive: true });
    bundles.delete(container);
  }

  function writeBundle(container: string, name: string | undefined): void {
    const cri = {
      ...{ 'container-type': name === undefined ? 'sandbox' : 'container', 'sandbox-id': id },
      ...{
        'sandbox-name': `pod-${id.slice(0, 6)}`,
        'sandbox-namespace': 'team',
        'sandbox-uid': uid,
      },
      ...(name === undefined ? {} : { 'container-name': name, 'image-name': 'docker.io/app:1' }),
    };
    const annotations = Object.fromEntries(
      Object.entries(cri).map(([key, value]) => [`io.kubernetes.cri.${key}`, value]),
    );
    const resources = { cpu: { shares: 512, quota: 20_000, period: 100_000 } };
    const config = {
      ociVersion: '1.1.0',
      annotations,
      linux: { cgroupsPath: `/kubepods/pod${uid}/${container}`, resources },
    };
    mkdirSync(join(host, TASKS, container), { recursive: true });
    writeFileSync(join(host, TASKS, container, 'config.json'), JSON.stringify(config));
    bundles.add(container);
  }

  async function close(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
    for (const each of [directory, proc, ...[...bundles].map((name) => join(host, TASKS, name))]) {
      rmSync(each, { recursive: true, force: true });
    }
  }
}

function head(status: string, length: number): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\n\r\n`;
}

/** The families in another order; the lines of each stay together. */
function shuffled(text: string): string {
  const families = text.split(/^(?=# HELP )/m);
  for (let i = families.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [families[i], families[j]] = [families[j] as string, families[i] as string];
  }
  return families.join('');
}

/** A path that is too long for a socket's address is bound from inside its directory. */
async function listen(server: Server, path: string): Promise<void> {
  const before = process.cwd();
  const isLong = Buffer.byteLength(path) > 107;
  if (isLong) process.chdir(join(path, '..'));
  const done = new Promise<void>((resolve) =>
    server.listen(isLong ? 'shim-monitor.sock' : path, resolve),
  );
  await done;
  if (isLong) process.chdir(before);
}

/** Closing removes the socket: what a shim that was killed leaves is made by a child of its own. */
async function closeListener(server: Server, path: string): Promise<void> {
  const kept = `${path}.kept`;
  const { linkSync, renameSync } = await import('node:fs');
  linkSync(path, kept);
  await new Promise((resolve) => server.close(resolve));
  renameSync(kept, path);
}
