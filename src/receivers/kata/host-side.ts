import type { FileStore } from '../../platform/file/file-store.ts';
import type { Assembled } from '../../platform/kata/assemble.ts';
import type { Head } from '../../platform/kata/head.ts';
import type { HypervisorState } from '../../platform/kata/state.ts';
import { type ProcessFigures, readProcessFigures } from '../../platform/procfs/figures.ts';
import { readNetworkColumns } from '../../platform/procfs/network.ts';
import { readCommand, readNetworkNamespace } from '../../platform/procfs/process.ts';
import type { GuestFigures } from './guest.ts';
import {
  addInterfaces,
  addProcess,
  addShimProcess,
  createHostRows,
  SHIM_HEADS,
} from './host-rows.ts';
import type { OverheadReader } from './overhead.ts';
import type { Processes } from './processes.ts';

/** What is known of a sandbox when its host side is read. */
interface HostView {
  readonly hypervisor: HypervisorState | undefined;
  /** Undefined when the sandbox did not answer. */
  readonly guest: GuestFigures | undefined;
  /** In ms since the epoch. */
  readonly time: number;
  /** Whether the sandbox has told the row itself. */
  has(head: Head): boolean;
}

/** The host's view of one sandbox: what its runtime does not tell, or not rightly. */
export interface HostSide {
  read(view: HostView): Assembled;
  close(): void;
}

/** Tells nothing. */
export const NO_HOST_SIDE: HostSide = {
  read: () => ({ numbers: [], distributions: [], broken: 0 }),
  close() {},
};

/** What the host sides of a receiver share. */
export interface HostSideOptions {
  readonly id: string;
  readonly proc: string;
  readonly files: FileStore;
  readonly processes: Processes;
  readonly overhead: OverheadReader;
  bootMillis(): number | undefined;
}

/** A look through <proc> for a shim that is not to be seen costs more than its rows are worth. */
const LOOK_MILLIS = 30_000;
const HOST = 1;
const HYPERVISOR_HEAD = { name: 'kata_hypervisor_threads', labels: Object.freeze({}) };
const VIRTIOFSD_HEAD = { name: 'kata_virtiofsd_threads', labels: Object.freeze({}) };

interface Known {
  readonly pid: number;
  readonly startTicks: number;
}

/** Makes the host's view of a sandbox. */
export function createHostSide(options: HostSideOptions): HostSide {
  const { id, proc, files, processes, overhead } = options;
  const rows = createHostRows();
  let shim: Known | undefined;
  let nextLook = Number.NEGATIVE_INFINITY;
  const others = new Map<number, number>();
  return { read, close: () => overhead.close() };

  function read(view: HostView): Assembled {
    const figures = shimFigures();
    if (shim === undefined || figures === undefined) return rows.take();
    const { pid } = shim;
    if (!SHIM_HEADS.every(view.has)) {
      addProcess(rows, 'kata_shim', figures);
      addShimProcess(rows, figures, options.bootMillis());
    }
    addShimInterfaces(pid);
    addOthers(view, pid);
    if (view.guest !== undefined) addOverhead(view, view.guest, pid);
    return rows.take();
  }

  /** Of the same process as before; another may have taken its pid. */
  function shimFigures(): ProcessFigures | undefined {
    const known = shim && readProcessFigures(proc, shim.pid, files);
    if (known !== undefined && known.startTicks === shim?.startTicks) return known;
    shim = undefined;
    const now = performance.now();
    if (now < nextLook) return undefined;
    const pid = processes.shimOf(id);
    const found = pid === undefined ? undefined : readProcessFigures(proc, pid, files);
    if (pid === undefined || found === undefined) {
      nextLook = now + LOOK_MILLIS;
      return undefined;
    }
    shim = { pid, startTicks: found.startTicks };
    return found;
  }

  /** In the host's namespace it would tell the host's interfaces once for each sandbox. */
  function addShimInterfaces(pid: number): void {
    const own = readNetworkNamespace(proc, pid);
    const host = readNetworkNamespace(proc, HOST);
    if (own === undefined || host === undefined || own === host) return;
    addInterfaces(rows, 'kata_shim_netdev', readNetworkColumns(proc, pid, files));
  }

  /** Hypervisor and virtiofsd, where the runtime does not tell them. */
  function addOthers({ hypervisor, has }: HostView, shimPid: number): void {
    const { pid, virtiofsdPid } = hypervisor ?? {};
    if (!has(HYPERVISOR_HEAD) && pid !== shimPid && addOther('kata_hypervisor', pid)) {
      const interfaces = readNetworkColumns(proc, pid ?? 0, files);
      addInterfaces(rows, 'kata_hypervisor_netdev', interfaces);
    }
    if (!has(VIRTIOFSD_HEAD)) addOther('kata_virtiofsd', virtiofsdPid);
  }

  function addOther(family: string, pid: number | undefined): boolean {
    const figures = figuresOf(pid);
    if (figures !== undefined) addProcess(rows, family, figures);
    return figures !== undefined;
  }

  /** Of a process that the state names: it bears the id of the sandbox, and is the same as before. */
  function figuresOf(pid: number | undefined): ProcessFigures | undefined {
    const figures = pid === undefined ? undefined : readProcessFigures(proc, pid, files);
    if (pid === undefined || figures === undefined) return undefined;
    const known = others.get(pid);
    if (known !== undefined) return known === figures.startTicks ? figures : undefined;
    const command = readCommand(proc, pid, files);
    if (!command?.args.some((arg) => arg.includes(id))) return undefined;
    others.set(pid, figures.startTicks);
    return figures;
  }

  function addOverhead({ hypervisor, time }: HostView, guest: GuestFigures, shimPid: number): void {
    // Dragonball is a part of the shim.
    const pid = hypervisor?.type === 'dragonball' ? shimPid : hypervisor?.pid;
    if (pid === undefined || (pid !== shimPid && figuresOf(pid) === undefined)) return;
    const pids = { shim: shimPid, hypervisor: pid };
    const { cpuPercent, memoryBytes } = overhead.read(pids, guest, time);
    rows.add('kata_shim_pod_overhead_cpu', cpuPercent);
    rows.add('kata_shim_pod_overhead_memory_in_bytes', memoryBytes);
  }
}
