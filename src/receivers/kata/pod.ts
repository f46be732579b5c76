import type { Speaker } from '../../helper/receiver/speaker.ts';
import type { Facts } from '../../workload/facts.ts';
import type { Bundled } from './bundles.ts';
import type { Container } from './container-rows.ts';
import type { GuestFigures } from './guest.ts';

/** The containers of one sandbox, as they come and go. */
export interface Pod {
  /** Announces those that are new, withdraws those that are gone. */
  look(bundles: readonly Bundled[]): void;
  /** Of the sandbox; undefined while its names are awaited or where no bundle tells them. */
  facts(): Facts | undefined;
  recordSpecs(): void;
  record(guest: GuestFigures): void;
  close(): void;
}

/** Makes a pod without containers; `open` makes the rows of one. */
export function createPod(
  sandboxId: string,
  speaker: Speaker,
  open: (bundled: Bundled) => Container,
): Pod {
  const containers = new Map<string, Container>();
  return { look, facts, recordSpecs, record, close };

  function look(bundles: readonly Bundled[]): void {
    const there = new Set(bundles.map(idOf));
    for (const [id, container] of containers) {
      if (!there.has(id)) remove(id, container);
    }
    for (const bundled of bundles) {
      const id = idOf(bundled);
      if (containers.has(id)) continue;
      containers.set(id, open(bundled));
      speaker.announce(bundled.workload, { facts: bundled.facts });
    }
  }

  function remove(id: string, container: Container): void {
    container.close();
    speaker.withdraw(container.bundled.workload);
    containers.delete(id);
  }

  function facts(): Facts | undefined {
    const sandbox = containers.get(sandboxId);
    const identity = sandbox?.identify();
    return identity && (identity.facts ?? sandbox?.bundled.facts);
  }

  function recordSpecs(): void {
    for (const container of containers.values()) container.recordSpec();
  }

  function record(guest: GuestFigures): void {
    containers.get(sandboxId)?.recordNetwork(guest);
    const workloads = [...containers.values()].filter(({ bundled }) => !bundled.facts.isSandbox);
    const [only] = workloads;
    if (workloads.length === 1) only?.recordUsage(guest);
  }

  function close(): void {
    for (const [id, container] of containers) remove(id, container);
  }
}

function idOf({ workload }: Bundled): string {
  return workload.containerId ?? '';
}
