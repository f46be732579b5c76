import type { RunscEvent } from '../../platform/runsc/event.ts';
import {
  type ContainerSample,
  type SandboxSample,
  soleContainer,
  type Transport,
} from './sample.ts';
import { createScaledCpu } from './scaled-cpu.ts';
import type { ContainerState } from './state.ts';

const NANOS = 1e9;

/**
 * Asks a sandbox by running `runsc events` for each container. `readEvent` runs one and gives
 * undefined for a container that has stopped.
 */
export function createEventsTransport(
  readEvent: (id: string, deadline: number) => Promise<RunscEvent | undefined>,
  cores: number,
): Transport {
  const cpu = createScaledCpu(cores);
  return { read, close() {} };

  async function read(
    containers: readonly ContainerState[],
    deadline: number,
  ): Promise<SandboxSample> {
    const events = await Promise.all(
      containers.map(
        async (state) => [state, await readEvent(state.containerId, deadline)] as const,
      ),
    );
    const told = new Map(events.flatMap(([state, event]) => (event ? [[state, event]] : [])));
    const running = [...told.keys()];
    const sole = soleContainer(running);
    const root = running.find(({ containerId, sandboxId }) => containerId === sandboxId);
    const rootEvent = root && told.get(root);
    const isOwnMemory = tellsOwnMemory(rootEvent);
    const figures = new Map(
      running.map((state) => [state.containerId, told.get(state)?.cpuNanos ?? 0]),
    );
    const totals = cpu.add(figures, performance.now());
    const samples = running.map((state): [string, ContainerSample] => {
      const event = told.get(state);
      const total = totals.get(state.containerId);
      return [
        state.containerId,
        {
          cpuSeconds: total === undefined ? undefined : total / NANOS,
          memoryBytes: isOwnMemory || state === sole ? event?.memoryBytes : undefined,
          processes: isNew(event) || running.length === 1 ? event?.processes : undefined,
          threads: undefined,
        },
      ];
    });
    return { containers: new Map(samples), interfaces: rootEvent?.interfaces };
  }
}

/** Builds since 2024-04 tell interfaces, and processes by container. */
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
