import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** A container of the double; its figures can be changed between reads. */
interface DoubleContainer {
  readonly id: string;
  readonly name: string;
  cpuNanos: number;
  memoryBytes: number;
  /** 0 where it has stopped and was not deleted. */
  processes: number;
}

/** What newer builds of runsc do, by facts of their source: runsc/boot/events.go, 2023-12 to 2026-08. */
export interface DoubleOptions {
  /** `own`: the guest has cgroups; `split`: it has none, so memory is divided. */
  readonly memory?: 'own' | 'split';
  /** Interfaces of the guest's stack; undefined as in builds before 2024-04. */
  readonly interfaces?: readonly object[];
  /** CPU times by container name, as with cgroups v1 in the guest. */
  readonly isKeyedByName?: boolean;
  /** runsc's --root, as the host sees it. */
  readonly root?: string;
  /** The directory of the socket, as the host sees it: the root unless told otherwise. */
  readonly socketFolder?: string;
  /** Whether the state tells that path, or runsc's fallbacks have to be tried. */
  readonly tellsSocket?: boolean;
  /** Whether anything listens. */
  readonly listens?: boolean;
  /** The names of the containers beside `pause`. */
  readonly containers?: readonly string[];
}

/** What the socket does instead of answering. */
export type Fault = 'hang' | 'rubbish' | 'flood' | 'close' | 'unasked';

/** A double of a sandbox of a newer build than Debian has: state files, a socket and a line in /proc. */
export interface SandboxDouble {
  readonly id: string;
  readonly containers: Readonly<Record<string, DoubleContainer>>;
  /** Methods that were asked, in order. */
  readonly asked: string[];
  fault: Fault | undefined;
  /** Connections so far. */
  readonly connections: number;
  readonly pid: number;
  /** Takes the process away; state files and socket stay. */
  kill(): void;
  /** Takes it away and makes it anew, under the same ids. */
  restart(): void;
  close(): Promise<void>;
}

const FLOOD = Buffer.alloc(1024 * 1024, 'x');

let pids = 1000;

/** Starts it below `host`, which stands for the root of a host. */
export async function startDouble(
  host: string,
  options: DoubleOptions = {},
): Promise<SandboxDouble> {
  const id = randomBytes(32).toString('hex');
  const names = ['pause', ...(options.containers ?? ['burner', 'idle'])];
  const containers = Object.fromEntries(
    names.map((name, i) => [
      name,
      {
        id: i === 0 ? id : randomBytes(32).toString('hex'),
        ...{ name, cpuNanos: i * 1e9, memoryBytes: (i + 1) * 1e6, processes: i + 1 },
      },
    ]),
  );
  const root = options.root ?? '/run/runsc';
  const socketPath = join(options.socketFolder ?? root, `runsc-${id}.sock`);
  let pid = 0;
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => receive(socket, data));
  });
  for (const each of [root, options.socketFolder ?? root]) {
    mkdirSync(join(host, each), { recursive: true });
  }
  if (options.listens !== false) await listen(server, join(host, socketPath));
  restart();
  const double: SandboxDouble = {
    ...{ id, containers, asked, fault: undefined, kill, restart, close },
    get pid() {
      return pid;
    },
    get connections() {
      return connections;
    },
  };
  return double;

  function receive(socket: Socket, data: Buffer): void {
    const { method, arg } = JSON.parse(data.toString());
    asked.push(method);
    if (double.fault === 'hang') return;
    if (double.fault === 'rubbish') return void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    if (double.fault === 'close') return void socket.destroy();
    if (double.fault === 'flood') {
      socket.write('{"success":true,"err":"","result":"');
      for (let i = 0; i < 100; i++) socket.write(FLOOD);
      return;
    }
    const text = JSON.stringify(answer(method, arg));
    // In two parts: a reply may come in any number of them.
    socket.write(text.slice(0, 10));
    socket.write(text.slice(10) + (double.fault === 'unasked' ? '{}' : ''));
  }

  function answer(method: string, arg: unknown): object {
    try {
      return { success: true, err: '', result: resultOf(method, arg) };
    } catch (error) {
      return { success: false, err: (error as Error).message, result: null };
    }
  }

  function resultOf(method: string, arg: unknown): unknown {
    switch (method) {
      case 'containerManager.Event':
        return eventOf(find(arg));
      case 'containerManager.Processes':
        return Array.from({ length: find(arg).processes }, (_, i) => ({
          pid: i,
          threads: [i, 99],
        }));
      case 'Cgroups.ReadControlFiles':
        return { results: [controlFile(arg)] };
      default:
        throw new Error('unknown method');
    }
  }

  function find(arg: unknown): DoubleContainer {
    const found = Object.values(containers).find((each) => each.id === arg);
    if (found === undefined) throw new Error(`container ${JSON.stringify(arg)} not found`);
    return found;
  }

  function eventOf(container: DoubleContainer): object {
    const all = Object.values(containers);
    const total = all.reduce((sum, each) => sum + each.memoryBytes, 0);
    const divided = container.id === id ? 0 : Math.floor(total / (all.length - 1));
    // The guest's cgroups outlive the processes in them.
    const timed = all.filter(({ processes }) => processes > 0 || options.memory !== 'split');
    const tasks = container.processes * 2;
    const usage = options.memory === 'split' ? divided : container.memoryBytes;
    const key = (each: DoubleContainer) => (each.id === id ? '__no_name_0' : each.name);
    return {
      event: {
        type: 'stats',
        id: container.id,
        data: {
          cpu: { usage: {} },
          memory: { usage: { limit: 0, ...(usage === 0 ? {} : { usage }), failcnt: 0 } },
          pids: tasks === 0 ? {} : { current: tasks },
          ...(options.interfaces === undefined ? {} : { network_interfaces: options.interfaces }),
        },
      },
      containerUsage: Object.fromEntries(
        timed.map((each) => [options.isKeyedByName ? key(each) : each.id, each.cpuNanos]),
      ),
    };
  }

  function controlFile(arg: unknown): object {
    const { Controller, Path, Name } =
      (arg as { Args: { File: Record<string, string> }[] }).Args[0]?.File ?? {};
    const isThere = options.memory !== 'split' && Controller === 'memory' && Path !== '/';
    return isThere && Name === 'memory.current'
      ? { value: '1' }
      : { value: 'controller not active', is_error: true };
  }

  function writeState(container: DoubleContainer): void {
    const isSandbox = container.id === id;
    const annotations = {
      'io.kubernetes.cri.container-type': isSandbox ? 'sandbox' : 'container',
      'io.kubernetes.cri.sandbox-id': id,
      'io.kubernetes.cri.sandbox-name': 'web',
      'io.kubernetes.cri.sandbox-namespace': 'team',
      'io.kubernetes.cri.sandbox-uid': 'aaaabbbb-1111-2222-3333-444455556666',
      ...(isSandbox ? {} : { 'io.kubernetes.cri.container-name': container.name }),
    };
    const state = {
      id: container.id,
      spec: {
        annotations,
        linux: {
          cgroupsPath: `/kubepods/podaaaabbbb-1111-2222-3333-444455556666/${container.id}`,
          resources: { cpu: { shares: 512 } },
          namespaces: [{ type: 'network', path: '/run/netns/x' }],
        },
      },
      createdAt: '2026-11-21T00:06:41.511012092Z',
      status: 'running',
      sandbox: {
        id,
        pid,
        ...(options.tellsSocket === false ? {} : { controlSocketPath: socketPath }),
      },
    };
    writeFileSync(join(host, root, `${container.id}_sandbox:${id}.state`), JSON.stringify(state));
  }

  function restart(): void {
    kill();
    pid = ++pids;
    mkdirSync(join(host, 'proc', String(pid)), { recursive: true });
    // runsc gives the id to the process as its last argument.
    writeFileSync(join(host, 'proc', String(pid), 'cmdline'), `runsc-sandbox\0boot\0${id}\0`);
    for (const container of Object.values(containers)) writeState(container);
  }

  function kill(): void {
    rmSync(join(host, 'proc', String(pid)), { recursive: true, force: true });
  }

  async function close(): Promise<void> {
    kill();
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}

/** A path that is too long for a socket's address is bound from inside its directory. */
async function listen(server: Server, path: string): Promise<void> {
  const before = process.cwd();
  const isLong = Buffer.byteLength(path) > 107;
  if (isLong) process.chdir(join(path, '..'));
  const done = new Promise<void>((resolve) =>
    server.listen(isLong ? path.slice(path.lastIndexOf('/') + 1) : path, resolve),
  );
  await done;
  if (isLong) process.chdir(before);
}
