import { CPU } from '../../../src/catalog/cpu.ts';
import type { Metric } from '../../../src/catalog/metric.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import type { Batch } from '../../../src/pdata/batch.ts';
import { isEnded, type NumberPoint, numberPoint, type Point } from '../../../src/pdata/point.ts';
import {
  createSeries,
  type Labels,
  NO_LABELS,
  type Resource,
  type Series,
} from '../../../src/pdata/series.ts';
import { semconv } from '../../../src/processors/semconv/factory.ts';

export const NODE: Resource = { attributes: { 'host.name': 'node-1' } };
export const UID = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
export const POD_PATH = `/kubepods/burstable/pod${UID}`;
export const ID = 'ab'.repeat(32);
export const SANDBOX = 'cd'.repeat(32);
export const START = 1_700_000_000;
export const NOW = START * 1000 + 90_500;

export const labelsOf = (labels: Labels): Labels =>
  Object.freeze({
    ...{ container: '', id: '', image: '', name: '', namespace: '', pod: '' },
    ...labels,
  });
export const IN_POD = { namespace: 'team', pod: 'web-7f' };
export const WEB = labelsOf({
  ...{ container: 'web', id: `${POD_PATH}/${ID}`, name: ID, ...IN_POD },
  image: 'registry.test:5000/team/web:1.0@sha256:00',
});
export const PAUSE = labelsOf({
  ...{ id: `${POD_PATH}/${SANDBOX}`, name: SANDBOX, image: 'registry.test/pause:3.9', ...IN_POD },
});
export const POD = labelsOf({ id: POD_PATH, ...IN_POD });
export const DOCKER = labelsOf({ id: `/docker/${ID}`, name: 'db', image: `sha256:${ID}` });
export const SLICE = labelsOf({ id: '/system.slice/cron.service' });
export const ROOT = labelsOf({ id: '/' });

export const POD_ATTRIBUTES = {
  ...{ 'host.name': 'node-1', 'k8s.namespace.name': 'team' },
  ...{ 'k8s.pod.name': 'web-7f', 'k8s.pod.uid': UID },
};

export const series = (
  metric: Metric,
  identity: Labels,
  labels = NO_LABELS,
  resource = NODE,
): Series => createSeries(metric, identity, labels, resource);
const TOTAL = { cpu: 'total' };
export const total = (identity: Labels) =>
  series(CPU.container_cpu_usage_seconds_total, identity, TOTAL);
export const user = (identity: Labels) => series(CPU.container_cpu_user_seconds_total, identity);
export const system = (identity: Labels) =>
  series(CPU.container_cpu_system_seconds_total, identity);
export const at = (of: Series, value: number): Point => numberPoint(of, START * 1000, NOW, value);

export function make(yaml = '') {
  const passed: Batch[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const telemetry = { logger, counter: () => ({ add() {} }), gauge: () => ({ set() {} }) } as never;
  const processor = semconv.create(
    { id: parseComponentId('semconv', ''), telemetry, now: Date.now },
    decode(semconv.config, confOf(parseYaml(yaml, 'test'))),
    { consume: async (batch) => void passed.push(batch) },
  );
  return async (...points: Point[]): Promise<readonly Point[]> => {
    passed.length = 0;
    await processor.consume({ source: 'cgroup', onDemand: false, points });
    return passed.flatMap((batch) => batch.points);
  };
}

/** Name, value ('ended' at the end) and labels of each point. */
export const shown = (points: readonly Point[]) =>
  points.map((point) => [
    point.series.descriptor.name,
    isEnded(point) ? 'ended' : (point as NumberPoint).value,
    { ...point.series.identity, ...point.series.labels },
  ]);
export const resourceOf = ([point]: readonly Point[]) => point?.series.resource.attributes;
