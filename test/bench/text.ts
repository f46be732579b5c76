/** The prometheus exporter's text against template strings per row: 50,000 rows of about 370 bytes. */
import { MEMORY } from '../../src/catalog/memory.ts';
import { createChunkPool } from '../../src/exporters/prometheus/chunks.ts';
import { createStore } from '../../src/exporters/prometheus/store.ts';
import { renderText } from '../../src/exporters/prometheus/text.ts';
import { type NumberPoint, numberPoint } from '../../src/pdata/point.ts';
import { createSeries, NO_LABELS } from '../../src/pdata/series.ts';
import { cpuMillis, median, report } from './report.ts';

const WORKLOADS = 2_500;
const ROUNDS = 21;
const METRICS = Object.values(MEMORY);

const points: NumberPoint[] = [];
for (let i = 0; i < WORKLOADS; i++) {
  const id = i.toString(16).padStart(64, 'a');
  const identity = Object.freeze({
    container: `worker-${i}`,
    id: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${id.slice(0, 36)}.slice/cri-containerd-${id}.scope`,
    image: 'worker:1.2.3',
    name: id,
    namespace: 'production',
    pod: `worker-${i}`,
  });
  for (const metric of METRICS) {
    const series = createSeries(metric, identity, NO_LABELS, { attributes: {} });
    points.push(numberPoint(series, 0, 1, 1_048_576 + i * 4096));
  }
}

const pool = createChunkPool();
const store = createStore({ add() {} });
store.accept({ source: 'bench', onDemand: true, points }, 1);

function templateStrings(): Buffer {
  let text = '';
  for (const { series, value } of points) {
    const { container, id, image, name, namespace, pod } = series.identity as Record<
      string,
      string
    >;
    text += `${series.descriptor.name}{container="${escapeLabel(container)}",id="${escapeLabel(id)}",image="${escapeLabel(image)}",name="${escapeLabel(name)}",namespace="${escapeLabel(namespace)}",pod="${escapeLabel(pod)}"} ${value}\n`;
  }
  return Buffer.from(text);
}

function escapeLabel(value = ''): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

const ours: number[] = [];
const theirs: number[] = [];
let bytes = 0;
const slices: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  let turn = cpuMillis();
  let longest = 0;
  let isDone = false;
  const look = () => {
    const now = cpuMillis();
    longest = Math.max(longest, now - turn);
    turn = now;
    if (!isDone) setImmediate(look);
  };
  setImmediate(look);
  const start = cpuMillis();
  const chunks = await renderText(store.families(), { generation: 1, timestamps: false }, pool);
  ours.push(cpuMillis() - start);
  isDone = true;
  slices.push(Math.max(longest, cpuMillis() - turn));
  bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  pool.give(chunks);
}
// Apart from ours, so that each pays for its own garbage only.
for (let round = 0; round < ROUNDS; round++) {
  const start = cpuMillis();
  templateStrings();
  theirs.push(cpuMillis() - start);
}

report([
  { name: 'rows', value: points.length, unit: 'rows' },
  { name: 'bytes per row', value: bytes / points.length, unit: 'bytes' },
  { name: 'text, CPU', value: median(ours), unit: 'ms' },
  { name: 'template strings, CPU', value: median(theirs), unit: 'ms' },
  {
    name: 'text over template strings',
    value: median(ours) / median(theirs),
    unit: 'of 1',
    limit: 0.2,
  },
  { name: 'longest slice, CPU, median of the rounds', value: median(slices), unit: 'ms' },
]);
