/**
 * The aggregate processor with 60,000 series a batch and three samples a series: CPU of a batch
 * against a pass that only copies the batch's points into a new array, and what the processor holds.
 * A third of handing on belongs to a batch, as it is done after every third one.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MEMORY } from '../../src/catalog/memory.ts';
import { parseComponentId } from '../../src/component/id.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { numberPoint, type Point } from '../../src/pdata/point.ts';
import { createSeries, NO_LABELS } from '../../src/pdata/series.ts';
import { aggregate } from '../../src/processors/aggregate/factory.ts';
import { cpuMillis, median, report } from './report.ts';

const SERIES = 60_000;
const SAMPLES = 3;
const ROUNDS = 60;
const METRICS = Object.values(MEMORY);
const resource = { attributes: {} };

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
const series = Array.from({ length: SERIES / METRICS.length }, (_, i) => {
  const identity = Object.freeze({ id: `/workload-${i}` });
  return METRICS.map((metric) => createSeries(metric, identity, NO_LABELS, resource));
}).flat();
let time = 1.7e12;

/** Fresh points, as a source makes them. */
function makePoints(): Point[] {
  time += 10_000;
  return series.map((each, i) => {
    const { monotonic } = each.descriptor;
    return numberPoint(each, monotonic ? 1.6e12 : 0, time, time / 1e3 + i);
  });
}

let kept: unknown;
let handedOn = 0;
const nothing = { add() {}, set() {} };
const telemetry = {
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  counter: () => nothing,
  gauge: () => nothing,
};
const yaml = `{emit: on_read, rules: [], default: {function: mean, samples: ${SAMPLES}}}`;
const processor = aggregate.create(
  { id: parseComponentId('aggregate', ''), telemetry, now: Date.now },
  decode(aggregate.config, confOf(parseYaml(yaml, 'bench'))),
  {
    consume: async ({ points }) => {
      handedOn += points.length;
    },
  },
);

const before = heapBytes();
for (let i = 0; i < SAMPLES; i++) await consume(makePoints());
const bytes = (heapBytes() - before) / SERIES;
await processor.flush();

const copies: number[] = [];
const batches: number[] = [];
const emissions: number[] = [];
for (let round = 1; round <= ROUNDS; round++) {
  const points = makePoints();
  copies.push(await measure(() => copy(points)));
  batches.push(await measure(() => consume(points)));
  if (round % SAMPLES === 0) emissions.push(await measure(() => processor.flush()));
}
await processor.shutdown();
if (handedOn !== SERIES * (1 + ROUNDS / SAMPLES) || kept === undefined) throw new Error('lost');

const whole = median(batches) + median(emissions) / SAMPLES;
report([
  { name: 'series', value: SERIES, unit: 'series' },
  { name: 'copy of a batch, CPU', value: median(copies), unit: 'ms' },
  { name: 'batch, CPU', value: median(batches), unit: 'ms' },
  { name: 'handing on, CPU', value: median(emissions), unit: 'ms' },
  { name: 'batch over copy', value: median(batches) / median(copies), unit: 'of 1' },
  {
    name: 'batch and its share of handing on over copy',
    value: whole / median(copies),
    unit: 'of 1',
    limit: 6,
  },
  { name: 'held', value: bytes, unit: 'bytes a series', limit: 400 },
]);

async function consume(points: readonly Point[]): Promise<void> {
  await processor.consume({ source: 'bench', onDemand: false, points });
}

/** A pass that does nothing else, as a processor that changes nothing would be written. */
function copy(points: readonly Point[]): void {
  const copied: Point[] = [];
  for (const point of points) copied.push(point);
  kept = copied;
}

/** CPU in ms; garbage of what came before is not in it. */
async function measure(work: () => unknown): Promise<number> {
  collectGarbage();
  const start = cpuMillis();
  await work();
  return cpuMillis() - start;
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
