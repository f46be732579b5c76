import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metric } from '../../../src/catalog/metric.ts';
import type { Exporter, Host } from '../../../src/component/component.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { cri } from '../../../src/exporters/cri/factory.ts';
import { endedPoint, numberPoint, type Point } from '../../../src/pdata/point.ts';
import { createSeries, type Labels, NO_LABELS, type Series } from '../../../src/pdata/series.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { parseCgroupPath } from '../../../src/workload/cgroup-path.ts';
import type { Facts } from '../../../src/workload/facts.ts';
import { createIdentity } from '../../../src/workload/identity.ts';
import type { KnownWorkload } from '../../../src/workload/observer.ts';
import { type CriClient, connectClient } from '../../support/cri/client.ts';

/** A cri exporter with an observer and receivers that a test plays. */
export interface Running {
  readonly exporter: Exporter;
  readonly path: string;
  readonly folder: string;
  readonly client: CriClient;
  readonly log: string[];
  readonly known: KnownWorkload[];
  /** What a collection on demand does. */
  onCollect: (deadline: number) => Promise<void>;
  own(name: string, labels?: Labels): number;
  /** Hands points to the exporter as a source on a timer does, or one on demand. */
  give(points: readonly Point[], onDemand?: boolean): Promise<void>;
}

const RESOURCE = { attributes: {} };
const stops: (() => Promise<void> | void)[] = [];

/** Stops all that a test started. */
export async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).reverse()) await stop();
}

/** A folder that is removed at the end. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-cri-'));
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts an exporter on a socket of its own. */
export async function runCri(yaml = '', folder = makeFolder()): Promise<Running> {
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const known: KnownWorkload[] = [];
  const say = (message: string) => void log.push(message);
  const logger = { debug() {}, info: say, warn: say, error: say };
  const path = join(folder, 'cri.sock');
  const settings = {
    id: parseComponentId('cri', ''),
    now: Date.now,
    telemetry: { logger, counter: metrics.counter, gauge: metrics.gauge },
  };
  const text = `endpoint: unix://${path}\n${yaml}`;
  const exporter = cri.create(settings, decode(cri.config, confOf(parseYaml(text, 'test'))));
  const running: Running = {
    ...{ exporter, path, folder, log, known },
    client: connectClient(path),
    onCollect: async () => {},
    own(name, labels = {}) {
      const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return metrics.values()[`${name}{${pairs.join(',')}}`] ?? 0;
    },
    give: (points, onDemand = false) => exporter.consume({ source: 'test', onDemand, points }),
  };
  const observer = { announce() {}, claim() {}, known: () => known };
  const host: Host = {
    resource: RESOURCE,
    version: '1.2.3',
    extension: () => observer as never,
    collect: (_, deadline) => running.onCollect(deadline),
    health: () => ({ phase: 'running', upSince: 0, components: [] }),
  };
  stops.push(() => exporter.shutdown());
  await exporter.start(host);
  stops.push(() => running.client.close());
  return running;
}

/** A container or pod of a test, and how to make its points. */
export interface Subject {
  readonly cgroup: string;
  readonly id: string;
  /** What the observer knows of it; undefined for a pod's own cgroup. */
  readonly known: KnownWorkload;
  /** A point of a metric at a time in ms; the series is the same each time. */
  point(metric: Metric, value: number, time?: number, labels?: Labels): Point;
  /** The ends of all its series so far. */
  end(time?: number): Point[];
}

/** When the tests' points are, in ms since the epoch. */
export const NOW = 1_800_000_000_000;
/** When the tests' workloads began. */
export const START = NOW - 3_600_000;

/** A 64-digit id that ends in `digits`. */
export function idOf(digits: string): string {
  return digits.padStart(64, 'a');
}

/** Makes a container of a pod: `container` undefined is its pause container. */
export function makeContainer(
  pod: { readonly uid: string; readonly name: string; readonly sandboxId: string },
  id: string,
  container?: string,
  more: Partial<Facts> = {},
): Subject {
  const cgroup = `${sliceOf(pod.uid)}/cri-containerd-${id}.scope`;
  const facts: Facts = {
    names: {
      ...{ container: container ?? '', image: 'registry.test/tools:1', name: id },
      ...{ namespace: 'team', pod: pod.name },
    },
    podUid: pod.uid,
    isSandbox: container === undefined,
    sandboxId: pod.sandboxId,
    runtime: 'runc',
    rootfs: undefined,
    resources: {} as Facts['resources'],
    network: 'own' as Facts['network'],
    ...more,
  };
  return subjectOf(cgroup, facts);
}

/** Makes the pod's own cgroup. */
export function makeSlice(pod: { readonly uid: string; readonly name: string }): Subject {
  const names = { container: '', image: '', name: '', namespace: 'team', pod: pod.name };
  return subjectOf(sliceOf(pod.uid), { names } as Facts);
}

/** Makes a container that is in no pod, as Docker's. */
export function makeLone(id: string, name: string): Subject {
  const names = { container: '', image: 'lone:1', name, namespace: '', pod: '' };
  return subjectOf(`/docker/${id}`, { names, isSandbox: false } as Facts);
}

function sliceOf(uid: string): string {
  return `/kubepods.slice/kubepods-pod${uid.replaceAll('-', '_')}.slice`;
}

function subjectOf(cgroup: string, facts: Facts): Subject {
  const workload = parseCgroupPath(cgroup);
  const labels = createIdentity(workload, facts.names);
  const series = new Map<string, Series>();
  return {
    ...{ cgroup, id: workload.containerId ?? '' },
    known: { workload, identity: { labels, facts: workload.kind === 'pod' ? undefined : facts } },
    point(metric, value, time = NOW, own = NO_LABELS) {
      const key = `${metric.name} ${JSON.stringify(own)}`;
      const known = series.get(key) ?? createSeries(metric, labels, own, RESOURCE);
      series.set(key, known);
      return numberPoint(known, metric.monotonic ? START : 0, time, value);
    },
    end: (time = NOW) => [...series.values()].map((each) => endedPoint(each, time)),
  };
}
