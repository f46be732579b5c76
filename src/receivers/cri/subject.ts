import { layerUseOf } from '../../helper/cri/layer.ts';
import type { LayerPlaces } from '../../helper/cri/places.ts';
import type { Layer } from '../../helper/layers/layers.ts';
import type { createLayerRows, LayerRecorder } from '../../helper/layers/rows.ts';
import { createLabelledRecorders } from '../../helper/receiver/labelled-recorders.ts';
import type { MetricsBuilder, Recorder } from '../../helper/receiver/metrics-builder.ts';
import type { Speaker } from '../../helper/receiver/speaker.ts';
import type { LayerUse } from '../../workload/layer-use.ts';
import type { Identity } from '../../workload/observer.ts';
import { specOf } from '../../workload/spec.ts';
import type { Figures } from './figures.ts';
import type { Member } from './members.ts';
import type { RowSet } from './rows.ts';
import {
  createClock,
  createProgress,
  type Progress,
  type Value,
  type ValueRows,
} from './values.ts';

/** The rows of one member for its whole life. */
export interface Subject {
  readonly member: Member;
  /** Who it is; undefined while its names are awaited. */
  isNamed(): boolean;
  /** Whether it is a container, a sandbox with a network of its own or a pod that is this receiver's. */
  speaksOf(kind: 'container' | 'network' | 'pod'): boolean;
  recordLife(now: number): void;
  recordFigures(figures: Figures): void;
  recordValues(values: readonly Value[]): void;
  /** Its interfaces, by what the runtime has: one of them for its whole life. */
  recordInterfaces(told: Readonly<Record<'metrics' | 'stats', readonly Value[]>>): void;
  /** Ends its series. */
  close(): void;
}

/** What the subjects of a receiver share. */
export interface SubjectContext {
  readonly builder: MetricsBuilder;
  readonly speaker: Speaker;
  readonly rows: RowSet;
  readonly layerRows: ReturnType<typeof createLayerRows>;
  readonly places: LayerPlaces;
  /** Of the memory controller: with 2 swap is limited apart from memory. */
  readonly version: 1 | 2;
  hostMemoryBytes(): number | undefined;
}

/** What of a container the runtime may be asked for. */
const GROUPS = ['usage', 'disk', 'disk_io'] as const;

/** Makes the rows of a member. */
export function createSubject(context: SubjectContext, member: Member): Subject {
  const { builder, speaker, rows } = context;
  const { workload, startMillis, described } = member;
  const clock = createClock();
  const owner = { labels: () => identity?.labels ?? {}, start: () => startMillis };
  const devices = createLabelledRecorders(builder, rows.byDevice.table, owner, 'device');
  const interfaces = createLabelledRecorders(builder, rows.byInterface.table, owner, 'interface');
  const [deviceProgress, interfaceProgress] = [createProgress(), createProgress()];
  let identity: Identity | undefined;
  let recorder: Recorder | undefined;
  let layer: LayerRecorder | undefined;
  let written: LayerUse | undefined;
  let network: 'metrics' | 'stats' | undefined;
  return {
    ...{ member, isNamed, speaksOf, close },
    ...{ recordLife, recordFigures, recordValues, recordInterfaces },
  };

  function isNamed(): boolean {
    identity ??= speaker.identify(workload);
    return identity !== undefined;
  }

  function ownRecorder(): Recorder {
    recorder ??= builder.recorder(rows.table.templates, owner.labels(), startMillis);
    return recorder;
  }

  function speaksOf(kind: 'container' | 'network' | 'pod'): boolean {
    const { isSandbox } = member.listed;
    if (kind === 'pod') return workload.kind === 'pod' && speaker.maySpeak(workload, 'usage');
    if (workload.kind !== 'container' || isSandbox !== (kind === 'network')) return false;
    if (isSandbox) {
      return described.facts.network === 'own' && speaker.maySpeak(workload, 'network');
    }
    return GROUPS.some((group) => speaker.maySpeak(workload, group));
  }

  function recordLife(now: number): void {
    if (speaker.maySpeak(workload, 'usage')) {
      rows.lifetime.record(ownRecorder(), {
        startMillis: member.listed.createdMillis,
        seenMillis: now,
      });
    }
    const isKnown = described.cgroupsPath !== undefined && workload.kind === 'container';
    if (!isKnown || rows.spec.isEmpty || !speaker.maySpeak(workload, 'spec')) return;
    const { version } = context;
    const hostMemoryBytes = context.hostMemoryBytes();
    const oci = described.facts.resources;
    rows.spec.record(ownRecorder(), specOf({ oci, kernel: undefined, version, hostMemoryBytes }));
  }

  function recordFigures(figures: Figures): void {
    if (speaker.maySpeak(workload, 'usage')) rows.figures(ownRecorder(), figures, clock);
    if (context.layerRows.isEmpty || !speaker.maySpeak(workload, 'disk')) return;
    const told = layerUseOf(figures.layer, context.places);
    written = told && { ...told, time: clock.at('layer', told.time) };
    layer ??= context.layerRows.open(builder, owner, layerNow());
    layer.record();
  }

  function layerNow(): Layer {
    return { use: () => written, close() {} };
  }

  function recordValues(values: readonly Value[]): void {
    if (speaker.maySpeak(workload, 'usage')) {
      for (const value of values) {
        rows.plain.record(ownRecorder(), value, clock.at(value.metric.name, value.time));
      }
    }
    if (!speaker.maySpeak(workload, 'disk_io')) return;
    recordEach(rows.byDevice, devices, deviceProgress, values);
  }

  function recordInterfaces(told: Parameters<Subject['recordInterfaces']>[0]): void {
    network ??= (['metrics', 'stats'] as const).find((each) => {
      return told[each].some(({ metric }) => rows.byInterface.has(metric));
    });
    if (network === undefined) return;
    recordEach(rows.byInterface, interfaces, interfaceProgress, told[network]);
  }

  /** What counts less than before is another thing of the same name. */
  function recordEach(
    table: ValueRows,
    things: ReturnType<typeof createLabelledRecorders>,
    progressOf: Progress,
    values: readonly Value[],
  ): void {
    const wanted = values.filter(({ metric }) => table.has(metric));
    const progress = progressOf(wanted);
    for (const [of, found] of Map.groupBy(wanted, (value) => value.of)) {
      const into = things.of(of, progress.get(of) ?? 0);
      if (into === undefined) continue;
      for (const each of found) {
        table.record(into, each, clock.at(`${each.metric.name} ${of}`, each.time));
      }
    }
    things.sweep();
  }

  function close(): void {
    if (recorder !== undefined) builder.drop(recorder);
    for (const each of [devices, interfaces, layer]) each?.close();
  }
}
