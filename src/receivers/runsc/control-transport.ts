import { type ControlConnection, ControlError } from '../../platform/runsc/control.ts';
import {
  type EventReply,
  hasControlFile,
  parseEventReply,
  parseProcesses,
} from '../../platform/runsc/event.ts';
import { type BoundedCpu, createBoundedCpu, isPossible } from './bounded-cpu.ts';
import type { HostCpu } from './host-cpu.ts';
import type { KeptBounded } from './kept-cpu.ts';
import {
  type ContainerSample,
  type SandboxSample,
  soleContainer,
  type Transport,
} from './sample.ts';
import { type ContainerState, isRoot } from './state.ts';

const NANOS = 1e9;
/** What a build from before 2023-07 says to the argument of a newer one. */
const TAKES_NO_ID = /cannot unmarshal string/;
/** How newer builds name a container without a name where the guest has cgroups v1. */
const UNNAMED_SANDBOX = '__no_name_0';
const MEMORY_FILES = ['memory.usage_in_bytes', 'memory.current'];

/** How the control socket is asked. */
export interface ControlOptions {
  /** Makes a connection; one is kept for as long as it works. */
  connect(): ControlConnection;
  /** Costs a call for each container. */
  readonly wantsProcesses: boolean;
  readonly timeoutMillis: number;
  readonly hostCpu: HostCpu;
  /** Told where what was kept of the sandbox cannot be of it: its counters begin anew. */
  misfit(): void;
}

/** Asks a sandbox through its control socket. */
export function createControlTransport(options: ControlOptions): Transport {
  let connection: ControlConnection | undefined;
  let from: KeptBounded | undefined;
  let cpu: BoundedCpu | undefined;
  const ownMemory = new Map<string, boolean>();
  let takesId = true;
  return {
    ...{ read, close },
    kept: () => cpu?.kept() ?? from,
    resume(kept) {
      if (kept.kind === 'bounded') from = kept;
    },
  };

  async function read(containers: readonly ContainerState[], end: number): Promise<SandboxSample> {
    const deadline = Math.min(end, performance.now() + options.timeoutMillis);
    const replies = new Map<string, EventReply>();
    let latest: EventReply | undefined;
    for (const { containerId } of containers) {
      // Builds that take no id answer for the whole sandbox.
      if (latest !== undefined && !takesId) break;
      const reply = await event(containerId, deadline);
      if (reply === undefined) continue;
      latest = reply;
      replies.set(containerId, reply);
    }
    if (latest === undefined) return { containers: new Map(), interfaces: undefined };
    const { usageNanos, event: last } = latest;
    const times = timesOf(containers, usageNanos);
    const [first] = containers;
    const hostNanos = first && options.hostCpu.read(first);
    cpu ??= beginCpu(hostNanos);
    const totals = cpu.add(times, hostNanos);
    const running = containers.filter(({ containerId }) => times.has(containerId));
    // Builds that divide memory count containers that have stopped, or have not started, too.
    const sole = soleContainer(takesId ? containers : running);
    const samples = new Map<string, ContainerSample>();
    for (const state of running) {
      const { containerId } = state;
      const counts = options.wantsProcesses ? await processes(containerId, deadline) : undefined;
      const reply = takesId ? replies.get(containerId) : latest;
      // Where the guest has cgroups the times hold those of containers that have stopped.
      if (counts?.processes === 0 || !reply?.event.tasks) continue;
      const isOwn = takesId && (await tellsOwnMemory(containerId, deadline));
      samples.set(containerId, {
        cpuSeconds: (totals.get(containerId) ?? 0) / NANOS,
        memoryBytes: isOwn || state === sole ? reply.event.memoryBytes : undefined,
        processes: counts?.processes,
        threads: counts?.threads,
      });
    }
    for (const id of ownMemory.keys()) if (!times.has(id)) ownMemory.delete(id);
    return { containers: samples, interfaces: last.interfaces };
  }

  function beginCpu(hostNanos: number | undefined): BoundedCpu {
    if (from === undefined || hostNanos === undefined) return createBoundedCpu(from);
    if (isPossible(from, hostNanos)) return createBoundedCpu(from);
    options.misfit();
    return createBoundedCpu();
  }

  async function call(method: string, arg: unknown, deadline: number): Promise<unknown> {
    if (!connection?.isOpen) connection = options.connect();
    return connection.call(method, arg, deadline);
  }

  /** Undefined when the container is not running. */
  async function event(id: string, deadline: number): Promise<EventReply | undefined> {
    try {
      const arg = takesId ? id : null;
      return parseEventReply(await call('containerManager.Event', arg, deadline));
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      if (!takesId) throw error;
      if (!TAKES_NO_ID.test(error.message)) return undefined;
      takesId = false;
      return event(id, deadline);
    }
  }

  async function processes(id: string, deadline: number) {
    return told(async () => parseProcesses(await call('containerManager.Processes', id, deadline)));
  }

  /**
   * Builds since 2023-12 tell a container's own memory where the guest has a cgroup for it; without
   * one they divide the sandbox' by the number of containers. The guest's file is the difference.
   */
  async function tellsOwnMemory(id: string, deadline: number): Promise<boolean> {
    const known = ownMemory.get(id);
    if (known !== undefined) return known;
    let isOwn = false;
    for (const name of MEMORY_FILES) {
      const file = { Controller: 'memory', Path: `/${id}`, Name: name };
      const arg = { Args: [{ File: file }] };
      const has = await told(async () =>
        hasControlFile(await call('Cgroups.ReadControlFiles', arg, deadline)),
      );
      isOwn ||= has ?? false;
    }
    ownMemory.set(id, isOwn);
    return isOwn;
  }

  function close(): void {
    connection?.close();
    options.hostCpu.close();
  }
}

/** By container id. The sandbox tells them by name in builds whose guest has cgroups v1. */
function timesOf(
  containers: readonly ContainerState[],
  told: ReadonlyMap<string, number>,
): Map<string, number> {
  const times = new Map<string, number>();
  for (const state of containers) {
    const { containerId, spec } = state;
    const unnamed = isRoot(state) ? UNNAMED_SANDBOX : '';
    const name = spec.annotations['io.kubernetes.cri.container-name'] ?? unnamed;
    const time = told.get(containerId) ?? told.get(name);
    if (time !== undefined) times.set(containerId, time);
  }
  return times;
}

/** Undefined when the sandbox says that it cannot tell. */
async function told<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ControlError) return undefined;
    throw error;
  }
}
