import type { InterfaceStats } from '../../platform/procfs/network.ts';
import type { KeptCpu } from './kept-cpu.ts';
import { type ContainerState, isRoot } from './state.ts';

/** What was read of one running container; absent is unknown. */
export interface ContainerSample {
  /** A counter that never goes back. */
  readonly cpuSeconds: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly processes: number | undefined;
  readonly threads: number | undefined;
}

/** What was read of one sandbox at one moment. */
export interface SandboxSample {
  /** Running containers by id; one that is not here has stopped. */
  readonly containers: ReadonlyMap<string, ContainerSample>;
  /** Of the sandbox' network stack; undefined where the build does not tell. */
  readonly interfaces: readonly InterfaceStats[] | undefined;
}

/** One way to ask a sandbox. */
export interface Transport {
  /** Rejects when the sandbox does not answer before `deadline` (ms of performance.now()). */
  read(containers: readonly ContainerState[], deadline: number): Promise<SandboxSample>;
  /** What the CPU counters go on from, if it was asked before; undefined until then. */
  kept(): KeptCpu | undefined;
  /** Goes on from what one of the same kind has kept; called before the first read, if at all. */
  resume(kept: KeptCpu): void;
  close(): void;
}

/**
 * The container to which the sandbox' memory as a whole may be ascribed: the only one beside the
 * sandbox' own, which is small and idle, or the sandbox' own where there is no other.
 */
export function soleContainer(containers: readonly ContainerState[]): ContainerState | undefined {
  const members = containers.filter((each) => !isRoot(each));
  if (members.length > 1) return undefined;
  return members[0] ?? containers[0];
}
