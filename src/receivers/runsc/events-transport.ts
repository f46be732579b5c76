import type { RunscEvent } from '../../platform/runsc/event.ts';
import type { HostCpu } from './host-cpu.ts';
import type { KeptScaled } from './kept-cpu.ts';
import {
  type ContainerSample,
  type SandboxSample,
  soleContainer,
  type Transport,
} from './sample.ts';
import { createScaledCpu, type ScaledCpu } from './scaled-cpu.ts';
import { type ContainerState, isRoot } from './state.ts';

const NANOS = 1e9;

/**
 * Asks a sandbox by running `runsc events` for each container. `readEvent` runs one and gives
 * undefined for a container that has stopped; `cores` is how many CPUs the host has.
 */
export function createEventsTransport(
  readEvent: (id: string, deadline: number) => Promise<RunscEvent | undefined>,
  hostCpu: HostCpu,
  cores: () => number,
): Transport {
  let from: KeptScaled | undefined;
  let cpu: ScaledCpu | undefined;
  return {
    read,
    kept: () => cpu?.kept() ?? from,
    resume(kept) {
      if (kept.kind === 'scaled') from = kept;
    },
    close: hostCpu.close,
  };

  async function read(
    containers: readonly ContainerState[],
    deadline: number,
  ): Promise<SandboxSample> {
    const events = await Promise.all(
      containers.map(
        async (state) => [state, await readEvent(state.containerId, deadline)] as const,
      ),
    );
    const told = events.flatMap(([state, event]) => (event ? [{ state, event }] : []));
    // Builds that divide memory count containers that have stopped, or have not started, too.
    const sole = soleContainer(containers);
    const root = told.find(({ state }) => isRoot(state));
    const isOwnMemory = tellsOwnMemory(root?.event);
    const totals = totalsOf(told);
    const samples = told.map(({ state, event }): [string, ContainerSample] => {
      const total = totals?.get(state.containerId);
      return [
        state.containerId,
        {
          cpuSeconds: total === undefined ? undefined : total / NANOS,
          memoryBytes: isOwnMemory || state === sole ? event.memoryBytes : undefined,
          processes: undefined,
          threads: isNew(event) ? event.tasks : undefined,
        },
      ];
    });
    return { containers: new Map(samples), interfaces: root?.event.interfaces };
  }

  /**
   * No figure is a zero, unless it is so of all: builds whose guest has cgroups v1 do not find theirs.
   * Where the sandbox is in the root cgroup they are shares of what the node used.
   */
  function totalsOf(told: readonly Told[]) {
    const [first] = told;
    if (told.every(({ event }) => event.cpuNanos === undefined)) return undefined;
    if (first !== undefined && hostCpu.isOfNode(first.state)) return undefined;
    const figures = told.map(
      ({ state, event }) => [state.containerId, event.cpuNanos ?? 0] as const,
    );
    cpu ??= createScaledCpu(cores, from);
    return cpu.add(new Map(figures), performance.now());
  }
}

interface Told {
  readonly state: ContainerState;
  readonly event: RunscEvent;
}

/** Builds since 2024-04 tell interfaces, and threads by container. */
function isNew(event: RunscEvent | undefined): boolean {
  return event?.interfaces !== undefined;
}

/**
 * Of these builds, one that divides the sandbox' memory ascribes none to the sandbox' own container;
 * where that has some, each container's is its own.
 */
function tellsOwnMemory(root: RunscEvent | undefined): boolean {
  return isNew(root) && (root?.memoryBytes ?? 0) > 0;
}
