/**
 * Client CPU of pushing 1,000 resources of 40 points over gRPC, against the official exporter, which
 * sends a request for each resource; and of encoding 40,000 points of one resource, against the
 * official serializer. The other side is a process of its own.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import { CPU } from '../../src/catalog/cpu.ts';
import { MEMORY } from '../../src/catalog/memory.ts';
import type { Metric } from '../../src/catalog/metric.ts';
import { parseComponentId } from '../../src/component/id.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { otlpGrpc } from '../../src/exporters/otlp_grpc/factory.ts';
import { encodeRequests, SCOPE } from '../../src/pdata/otlp/request.ts';
import { numberPoint, type Point } from '../../src/pdata/point.ts';
import { createSeries, type Labels, type Resource, type Series } from '../../src/pdata/series.ts';
import { cpuMillis, median, report } from './report.ts';

const RESOURCES = 1000;
const POINTS = 40;
const ROUNDS = 15;
const WARM_UP = 5;
const METRICS = [...Object.values(CPU), ...Object.values(MEMORY)];
/** Labels of a row are one object for all workloads, as in the receivers' tables. */
const OWN: Labels[] = Array.from({ length: POINTS }, (_, i) => Object.freeze({ row: `${i}` }));
const MAX_BYTES = 4 * 2 ** 20;

const resources: Resource[] = Array.from({ length: RESOURCES }, (_, i) => ({
  attributes: {
    'container.id': `${i}`.repeat(16).slice(0, 64),
    'container.name': `container-${i}`,
    'k8s.pod.name': `pod-${i}`,
    'k8s.namespace.name': 'team',
    'host.name': 'node',
  },
}));

function inOne(): Series[] {
  const [node] = resources as [Resource];
  return resources.flatMap((_, i) =>
    seriesOf(node, {
      container: `c${i}`,
      id: `/kubepods/burstable/pod${i}/${`${i}`.repeat(16)}`,
      image: 'registry.test/team/tools:1.0',
      name: `${i}`.repeat(16),
      namespace: 'team',
      pod: `pod-${i}`,
    }),
  );
}

const SUBJECTS: Readonly<Record<string, (port: number) => Promise<number>>> = {
  'ours plain': (port) => ours(port, 'none'),
  'ours gzip': (port) => ours(port, 'gzip'),
  'official plain': (port) => theirs(port, 'none'),
  'official gzip': (port) => theirs(port, 'gzip'),
  'ours encode': () => {
    const points = pointsOf(inOne());
    return millis(() => void encodeRequests(points, MAX_BYTES));
  },
  'official encode': () => {
    const metrics = officialMetrics(inOne());
    return millis(() => void ProtobufMetricsSerializer.serializeRequest(metrics));
  },
};

const [subject, subjectPort] = process.argv.slice(2);
if (subject !== undefined && subject in SUBJECTS) {
  console.log(await SUBJECTS[subject]?.(Number(subjectPort)));
  process.exit();
}

const sink = spawn(process.execPath, ['test/bench/otlp-sink.ts'], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const sinkPort = String((await once(sink.stdout, 'data'))[0]).trim();
const [plain, officialPlain, zipped, officialZipped, encode, officialEncode] = [
  ...['ours plain', 'official plain', 'ours gzip', 'official gzip'],
  ...['ours encode', 'official encode'],
].map(measure) as [number, number, number, number, number, number];
sink.stdin.end();
report([
  { name: 'points', value: RESOURCES * POINTS, unit: 'points' },
  { name: 'plain: ours, CPU', value: plain, unit: 'ms' },
  { name: 'plain: official exporter, CPU', value: officialPlain, unit: 'ms' },
  { name: 'plain: ours over official', value: plain / officialPlain, unit: 'of 1', limit: 1 / 10 },
  { name: 'gzip: ours, CPU', value: zipped, unit: 'ms' },
  { name: 'gzip: official exporter, CPU', value: officialZipped, unit: 'ms' },
  { name: 'gzip: ours over official', value: zipped / officialZipped, unit: 'of 1', limit: 1 / 7 },
  { name: 'one resource: ours, CPU', value: encode, unit: 'ms' },
  { name: 'one resource: official serializer, CPU', value: officialEncode, unit: 'ms' },
  {
    ...{ name: 'one resource: ours over official', unit: 'of 1', limit: 1 / 3 },
    value: encode / officialEncode,
  },
]);

/** Each in a process of its own: what one keeps in memory costs the other no collection. */
function measure(name: string): number {
  const args = [...process.execArgv, 'test/bench/otlp.ts', name, sinkPort];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

function seriesOf(resource: Resource, identity: Record<string, string>): Series[] {
  const labels = Object.freeze(identity);
  return Array.from({ length: POINTS }, (_, i) =>
    createSeries(METRICS[i % METRICS.length] as Metric, labels, OWN[i] as Labels, resource),
  );
}

function pointsOf(series: readonly Series[]): Point[] {
  const now = Date.now();
  return series.map((each, i) => numberPoint(each, now - 60_000, now, i * 4096));
}

async function ours(port: number, compression: string): Promise<number> {
  const nothing = { add() {}, set() {} };
  const logger = { debug() {}, info() {}, warn: console.error, error: console.error };
  const telemetry = { logger, counter: () => nothing, gauge: () => nothing } as never;
  const yaml = `{endpoint: "http://127.0.0.1:${port}", compression: ${compression}, sending_queue: {wait_for_result: true}}`;
  const exporter = otlpGrpc.create(
    { id: parseComponentId('otlp_grpc', ''), telemetry, now: Date.now },
    decode(otlpGrpc.config, confOf(parseYaml(yaml, 'bench'))),
  );
  await exporter.start({} as never);
  const points = pointsOf(resources.flatMap((resource) => seriesOf(resource, {})));
  const result = await millis(() => exporter.consume({ source: 'bench', onDemand: false, points }));
  await exporter.shutdown();
  return result;
}

async function theirs(port: number, compression: 'none' | 'gzip'): Promise<number> {
  const exporter = new OTLPMetricExporter({
    ...{ url: `http://127.0.0.1:${port}`, compression: compression as never },
    concurrencyLimit: RESOURCES,
  });
  const made = resources.map((resource) => officialMetrics(seriesOf(resource, {})));
  const result = await millis(async () => {
    await Promise.all(
      made.map(
        (metrics) => new Promise<void>((resolve) => exporter.export(metrics, () => resolve())),
      ),
    );
  });
  await exporter.shutdown();
  return result;
}

function officialMetrics(series: readonly Series[]): never {
  const now = Math.floor(Date.now() / 1000);
  const groups = Map.groupBy(series, ({ descriptor }) => descriptor);
  return {
    resource: resourceFromAttributes(series[0]?.resource.attributes ?? {}),
    scopeMetrics: [
      {
        scope: SCOPE,
        metrics: [...groups].map(([{ name, help, unit, type, monotonic }, of]) => ({
          descriptor: { name, description: help, unit, valueType: 1, advice: {} },
          aggregationTemporality: AggregationTemporality.CUMULATIVE,
          dataPointType: type === 'sum' ? DataPointType.SUM : DataPointType.GAUGE,
          isMonotonic: monotonic,
          dataPoints: of.map(({ identity, labels }, i) => ({
            startTime: [now - 60, 0],
            endTime: [now, 0],
            attributes: { ...identity, ...labels },
            value: i * 4096,
          })),
        })),
      },
    ],
  } as never;
}

async function millis(work: () => unknown): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = cpuMillis();
    await work();
    if (round >= WARM_UP) rounds.push(cpuMillis() - start);
  }
  return median(rounds);
}
