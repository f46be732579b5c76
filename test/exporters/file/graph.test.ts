import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { Consumer } from '../../../src/component/component.ts';
import type { Registry } from '../../../src/component/factory.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { COMPONENTS } from '../../../src/distribution/components.ts';
import { endedPoint, type Point } from '../../../src/pdata/point.ts';
import { buildGraph, type Graph } from '../../../src/service/graph.ts';
import { type Service, startService } from '../../../src/service/service.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { pointsOf } from '../../support/otlp/points.ts';
import { at, counter, NOW, seriesOf } from '../../support/processor.ts';
import { recordsIn } from './running.ts';

let folder: string;
let service: Service | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandgauge-graph-'));
  mkdirSync(join(folder, 'away'));
});
afterEach(async () => {
  await service?.shutdown();
  rmSync(folder, { recursive: true, force: true });
});

const yaml = () => `
receivers: {source: }
processors:
  cumulativetodelta: {include: {metrics: [bytes]}, initial_value: keep}
  deltatorate: {metrics: [bytes]}
  metricstransform:
    transforms:
      - include: ^(by)tes$$
        match_type: regexp
        action: update
        new_name: $\${1}tes.rate
        operations: [{action: add_label, new_label: agent, new_value: "{{version}}"}]
exporters:
  file: {path: '${folder}/out.json', flush_interval: 0s}
  file/away: {path: '${folder}/away/out.data', format: proto, flush_interval: 0s}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    metrics:
      receivers: [source]
      processors: [cumulativetodelta, deltatorate, metricstransform]
      exporters: [file/away, file]`;

test('through all three processors into files; where one has no directory the other goes on', async () => {
  const next: Consumer[] = [];
  const registry: Registry = {
    ...COMPONENTS,
    receivers: [
      {
        metadata: { type: 'source', summary: '', stability: 'development', series: [] },
        config: z.any(),
        create(_settings, _config, to) {
          next.push(to);
          return { onDemand: false, async start() {}, async shutdown() {}, async collectNow() {} };
        },
      },
    ],
  };
  const metrics = createOwnMetrics();
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const graph: Graph = buildGraph(confOf(parseYaml(yaml().replaceAll('$$', '$'), 'test')), {
    ...{ registry, telemetry: { logger, ...metrics }, now: () => NOW },
    ...{ resource: { attributes: {} }, version: '1.2.3' },
  });
  service = await startService(graph, logger);
  const hand = (...points: Point[]) =>
    (next[0] as Consumer).consume({ source: 'source', onDemand: false, points });
  const bytes = seriesOf(counter());
  const other = seriesOf(counter({ name: 'other' }));
  await hand(at(bytes, 10, 100), at(other, 10, 7));
  rmSync(join(folder, 'away'), { recursive: true });
  await expect(hand(at(bytes, 20, 150), at(other, 20, 8))).rejects.toThrow('ENOENT');
  const states = graph.host
    .layout?.()
    .pipelines[0]?.exporters.map(({ id, status }) => [id, status]);
  expect(states).toEqual([
    ['file/away', 'recoverable_error'],
    ['file', 'ok'],
  ]);
  mkdirSync(join(folder, 'away'));
  await hand(endedPoint(bytes, NOW + 30_000));
  const written = recordsIn(join(folder, 'out.json'), false, false).flatMap((line) =>
    pointsOf(JSON.parse(line.toString())),
  );
  expect(
    written.map(({ name, value, attributes, unit }) => [name, value, attributes.agent, unit]),
  ).toEqual([
    ['bytes.rate', 10, '1.2.3', 'By/s'],
    ['other', 7, undefined, 'By'],
    ['bytes.rate', 5, '1.2.3', 'By/s'],
    ['other', 8, undefined, 'By'],
    ['bytes.rate', Number.NaN, '1.2.3', 'By/s'],
  ]);
  const counted = (what: string, id: string) =>
    metrics.values()[`otelcol_exporter_${what}_metric_points{exporter="${id}"}`];
  expect([counted('sent', 'file'), counted('send_failed', 'file')]).toEqual([5, 0]);
  expect([counted('sent', 'file/away'), counted('send_failed', 'file/away')]).toEqual([3, 2]);
});
