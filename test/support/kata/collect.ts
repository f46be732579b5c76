import type { Host } from '../../../src/component/component.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { workloadObserver } from '../../../src/extensions/workload_observer/factory.ts';
import { isEnded, type Point } from '../../../src/pdata/point.ts';
import { kata } from '../../../src/receivers/kata/factory.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { isWorkloadObserver } from '../../../src/workload/observer.ts';

/** A kata receiver with an observer, and what both say. */
export interface Collector {
  /** One collection: all points but ends. */
  read(millis?: number): Promise<Point[]>;
  /** Those of the last collection that ended a series. */
  readonly ended: Point[];
  readonly log: string[];
  own(name: string): number;
  shutdown(): Promise<void>;
}

/** Starts one over a YAML section; `voices` are receivers that are said to run beside it. */
export async function startCollector(
  root: string,
  yaml = '',
  voices: readonly 'cri'[] = [],
): Promise<Collector> {
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const say = (message: string, fields: Record<string, unknown> = {}) => {
    log.push(`${message}: ${fields.error ?? fields.hypervisor ?? ''}`);
  };
  const logger = { debug() {}, info: say, warn: say, error: say };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge };
  const settings = (id: string) => ({ id: parseComponentId(id, ''), telemetry, now: Date.now });
  const conf = (text: string) => confOf(parseYaml(text, 'test'));
  const observer = workloadObserver.create(
    settings('workload_observer'),
    decode(workloadObserver.config, conf(`root_path: ${root}`)),
  );
  if (isWorkloadObserver(observer)) for (const voice of voices) observer.register(voice, ['kata']);
  let points: Point[] = [];
  const receiver = kata.create(
    settings('kata'),
    decode(kata.config, conf(`root_path: ${root}\ncollection_interval: 0s\n${yaml}`)),
    {
      async consume(batch) {
        points = [...batch.points];
      },
    },
  );
  const host: Host = {
    resource: { attributes: {} },
    extension: () => observer,
    collect: async () => {},
    health: () => ({ phase: 'running', upSince: 0, components: [] }),
    layout: () => ({ extensions: [], pipelines: [] }),
  };
  await receiver.start(host);
  return {
    log,
    get ended() {
      return points.filter(isEnded);
    },
    own: (name) => metrics.values()[`${name}{source="kata"}`] ?? 0,
    async read(millis = 10_000) {
      points = [];
      await receiver.collectNow(performance.now() + millis);
      return points.filter((point) => !isEnded(point));
    },
    shutdown: () => receiver.shutdown(),
  };
}

/** The value of the only row of a name with these labels; fails when there are several. */
export function rowValue(
  points: readonly Point[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = points.filter(({ series }) => {
    const all = { ...series.identity, ...series.labels };
    const isIt = Object.entries(labels).every(([label, value]) => all[label] === value);
    return series.descriptor.name === name && isIt;
  });
  if (found.length > 1) throw new Error(`${found.length} rows of ${name}`);
  const [point] = found;
  return point?.kind === 'number' ? point.value : point?.count;
}
