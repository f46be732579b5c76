import { CPU } from '../../catalog/cpu.ts';
import { MEMORY } from '../../catalog/memory.ts';
import type { Metric } from '../../catalog/metric.ts';
import { createInterfaceRows } from '../../helper/receiver/interface-rows.ts';
import type { MetricsBuilder, Recorder } from '../../helper/receiver/metrics-builder.ts';
import { createRowTable, type Row } from '../../helper/receiver/row-table.ts';
import type { Speaker } from '../../helper/receiver/speaker.ts';
import type { Identity } from '../../workload/observer.ts';
import { SPEC_ROWS, specOf } from '../../workload/spec.ts';
import type { Bundled } from './bundles.ts';
import type { GuestFigures } from './guest.ts';

/** The rows of one container under cAdvisor's names, for its whole life. */
export interface Container {
  readonly bundled: Bundled;
  /** Undefined while its names are awaited. */
  identify(): Identity | undefined;
  recordSpec(): void;
  /** What the guest counts is this container's: it is the only one in it. */
  recordUsage(guest: GuestFigures): void;
  /** The guest's interfaces stand on the sandbox' row. */
  recordNetwork(guest: GuestFigures): void;
  close(): void;
}

/** What the containers of a receiver share. */
export interface ContainerContext {
  readonly builder: MetricsBuilder;
  readonly speaker: Speaker;
  /** Of the memory controller: with 2 swap is limited apart from memory. */
  readonly version: 1 | 2;
  hostMemoryBytes(): number | undefined;
}

const USAGE_ROWS: readonly Row<GuestFigures>[] = [
  [CPU.container_cpu_usage_seconds_total, (g) => g.busySeconds, Object.freeze({ cpu: 'total' })],
  [CPU.container_cpu_user_seconds_total, (g) => g.userSeconds],
  [CPU.container_cpu_system_seconds_total, (g) => g.systemSeconds],
  [MEMORY.container_memory_usage_bytes, (g) => g.usageBytes],
  [MEMORY.container_memory_working_set_bytes, (g) => g.workingSetBytes],
  [MEMORY.container_memory_rss, (g) => g.rssBytes],
  [MEMORY.container_memory_cache, (g) => g.cacheBytes],
  [MEMORY.container_memory_mapped_file, (g) => g.mappedBytes],
  [MEMORY.container_memory_swap, (g) => g.swapBytes],
  [MEMORY.container_memory_failures_total, (g) => g.faults, faults('pgfault')],
  [MEMORY.container_memory_failures_total, (g) => g.majorFaults, faults('pgmajfault')],
];

/** Makes containers whose rows are those that are switched on. */
export function createContainers(
  isEnabled: (metric: Metric) => boolean,
): (context: ContainerContext, bundled: Bundled, startMillis: number) => Container {
  const table = createRowTable(isEnabled);
  const usage = table.add(USAGE_ROWS);
  const spec = table.add(SPEC_ROWS);
  const interfaceRows = createInterfaceRows(isEnabled);
  return create;

  function create(context: ContainerContext, bundled: Bundled, startMillis: number): Container {
    const { builder, speaker } = context;
    const { workload } = bundled;
    let identity: Identity | undefined;
    let recorder: Recorder | undefined;
    const owner = { labels: () => identity?.labels ?? {}, start: () => startMillis };
    const interfaces = interfaceRows.open(builder, owner);
    return { bundled, identify, recordSpec, recordUsage, recordNetwork, close };

    function identify(): Identity | undefined {
      identity ??= speaker.identify(workload);
      return identity;
    }

    function opened(): Recorder | undefined {
      const known = identify();
      recorder ??= known && builder.recorder(table.templates, known.labels, startMillis);
      return recorder;
    }

    function recordSpec(): void {
      const into = opened();
      if (into === undefined || spec.isEmpty || !speaker.maySpeak(workload, 'spec')) return;
      const { version } = context;
      const hostMemoryBytes = context.hostMemoryBytes();
      const oci = bundled.spec.resources;
      spec.record(into, specOf({ oci, kernel: undefined, version, hostMemoryBytes }));
    }

    function recordUsage(guest: GuestFigures): void {
      const into = opened();
      if (into === undefined || usage.isEmpty || !speaker.maySpeak(workload, 'usage')) return;
      usage.record(into, guest);
    }

    function recordNetwork(guest: GuestFigures): void {
      if (identify() === undefined || interfaceRows.isEmpty) return;
      if (speaker.maySpeak(workload, 'network')) interfaces.record(guest.interfaces);
    }

    function close(): void {
      if (recorder !== undefined) builder.drop(recorder);
      interfaces.close();
    }
  }
}

function faults(type: string): Readonly<Record<string, string>> {
  return Object.freeze({ failure_type: type, scope: 'hierarchy' });
}
