import { CPU } from '../../catalog/cpu.ts';
import { MEMORY } from '../../catalog/memory.ts';
import type { Metric } from '../../catalog/metric.ts';
import { PROCESS } from '../../catalog/process.ts';
import { createLayerRows, type LayerRecorder } from '../../helper/layers/rows.ts';
import { createInterfaceRows } from '../../helper/receiver/interface-rows.ts';
import { LIFETIME_ROWS } from '../../helper/receiver/lifetime-rows.ts';
import type { MetricsBuilder, Recorder } from '../../helper/receiver/metrics-builder.ts';
import { createRowTable, type Row } from '../../helper/receiver/row-table.ts';
import type { Speaker } from '../../helper/receiver/speaker.ts';
import type { InterfaceStats } from '../../platform/procfs/network.ts';
import type { Identity } from '../../workload/observer.ts';
import { SPEC_ROWS, specOf } from '../../workload/spec.ts';
import type { Workload } from '../../workload/workload.ts';
import { followLayer, type LayerSources } from './layer.ts';
import type { ContainerSample } from './sample.ts';
import type { ContainerState } from './state.ts';

/** The rows of one container for its whole life. */
export interface Container {
  readonly state: ContainerState;
  readonly workload: Workload;
  /** Records what was read; nothing while its names are awaited. */
  record(sample: ContainerSample, now: number): void;
  /** Records the interfaces of its sandbox, which stand on the sandbox' own row. */
  recordInterfaces(interfaces: readonly InterfaceStats[]): void;
  /** Ends its series. */
  close(): void;
}

/** Working set is usage: gVisor tells no inactive files. */
const USAGE_ROWS: readonly Row<ContainerSample>[] = [
  [CPU.container_cpu_usage_seconds_total, (s) => s.cpuSeconds, Object.freeze({ cpu: 'total' })],
  [MEMORY.container_memory_usage_bytes, (s) => s.memoryBytes],
  [MEMORY.container_memory_working_set_bytes, (s) => s.memoryBytes],
  [PROCESS.container_processes, (s) => s.processes],
  [PROCESS.container_threads, (s) => s.threads],
];

/** What the containers of a receiver share. */
export interface ContainerContext {
  readonly builder: MetricsBuilder;
  readonly speaker: Speaker;
  /** Of the memory controller: with 2 swap is limited apart from memory. */
  readonly version: 1 | 2;
  hostMemoryBytes(): number | undefined;
  readonly layerSources: LayerSources;
}

/** Makes containers whose rows are those that are switched on. */
export function createContainers(
  isEnabled: (metric: Metric) => boolean,
): (context: ContainerContext, state: ContainerState, workload: Workload) => Container {
  const table = createRowTable(isEnabled);
  const usage = table.add(USAGE_ROWS);
  const spec = table.add(SPEC_ROWS);
  const lifetime = table.add(LIFETIME_ROWS);
  const layerRows = createLayerRows(isEnabled);
  const interfaceRows = createInterfaceRows(isEnabled);
  return createContainer;

  function createContainer(
    context: ContainerContext,
    state: ContainerState,
    workload: Workload,
  ): Container {
    const { builder, speaker } = context;
    let identity: Identity | undefined;
    let recorder: Recorder | undefined;
    let layer: LayerRecorder | undefined;
    const owner = { labels: () => identity?.labels ?? {}, start: () => state.createdMillis };
    const interfaces = interfaceRows.open(builder, owner);
    return { state, workload, record, recordInterfaces, close };

    function record(sample: ContainerSample, now: number): void {
      identity ??= speaker.identify(workload);
      if (identity === undefined) return;
      recorder ??= builder.recorder(table.templates, identity.labels, state.createdMillis);
      if (speaker.maySpeak(workload, 'usage')) {
        usage.record(recorder, sample);
        lifetime.record(recorder, { startMillis: state.createdMillis, seenMillis: now });
      }
      if (!spec.isEmpty && speaker.maySpeak(workload, 'spec')) {
        const hostMemoryBytes = context.hostMemoryBytes();
        const oci = state.spec.resources;
        spec.record(
          recorder,
          specOf({ oci, kernel: undefined, version: context.version, hostMemoryBytes }),
        );
      }
      if (!layerRows.isEmpty && speaker.maySpeak(workload, 'disk')) {
        layer ??= openLayer(identity);
        layer?.record();
      }
    }

    function openLayer({ facts }: Identity): LayerRecorder | undefined {
      const rootfs = facts?.rootfs ?? state.spec.rootfs;
      if (rootfs === undefined) return undefined;
      return layerRows.open(builder, owner, followLayer(context.layerSources, state, rootfs));
    }

    function recordInterfaces(found: readonly InterfaceStats[]): void {
      if (identity === undefined || interfaceRows.isEmpty) return;
      if (speaker.maySpeak(workload, 'network')) interfaces.record(found);
    }

    function close(): void {
      if (recorder !== undefined) builder.drop(recorder);
      interfaces.close();
      layer?.close();
    }
  }
}
