/**
 * One sandbox's exposition of 70 kB, parsed and made into points again and again, against the parser
 * `parse-prometheus-text-format` of npm, which only parses it. Values change from scrape to scrape.
 */
// @ts-expect-error: it comes without types.
import parsePrometheus from 'parse-prometheus-text-format';
import { createMetricsBuilder } from '../../src/helper/receiver/metrics-builder.ts';
import { createAssembler } from '../../src/platform/kata/assemble.ts';
import { createExpositionParser, type Exposition } from '../../src/platform/kata/exposition.ts';
import type { Head } from '../../src/platform/kata/head.ts';
import { createSeriesBook } from '../../src/receivers/kata/book.ts';
import { createDescribe } from '../../src/receivers/kata/describe.ts';
import { writeExposition } from '../support/kata/exposition.ts';
import { cpuMillis, median, report } from './report.ts';

const ROUNDS = 41;
const SCRAPES = 20;
const WANTED_BYTES = 70_000;
const CPUS = 64;

const emitter = { runtime: 'go', cgroupVersion: 1, pageBytes: 4096 } as const;
const texts = Array.from({ length: SCRAPES }, (_, i) => makeText(i));
const [text = ''] = texts;
const parse = createExpositionParser();
const assemble = createAssembler();
const describe = createDescribe(() => true);
const builder = createMetricsBuilder({ attributes: {} }, { add() {} });
const book = createSeriesBook(builder, Object.freeze({ sandbox_id: 'bench' }), 1);
let points = 0;
let families = 0;

/** What Kata writes of a guest, with as many CPUs as it takes. */
function makeText(scrape: number): string {
  const { text: base } = writeExposition('go');
  const rows: string[] = [];
  for (let cpu = 1; cpu < CPUS && base.length + rows.join('').length < WANTED_BYTES; cpu++) {
    for (const item of ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal']) {
      rows.push(`kata_guest_cpu_time{cpu="${cpu}",item="${item}"} ${cpu * 1e5 + scrape}\n`);
    }
  }
  const head = '# TYPE kata_guest_cpu_time gauge\n';
  return base.replace(head, head + rows.join(''));
}

function ours(from: string, time: number): void {
  const exposition: Exposition = parse(from);
  builder.begin(time);
  book.begin();
  book.record(assemble(exposition), (head: Head) => describe(head, emitter, exposition.types));
  points = builder.finish().length;
}

/** CPU of one text, in ms. */
function measure(work: (from: string, scrape: number) => void): number {
  const start = cpuMillis();
  for (const [i, each] of texts.entries()) work(each, i);
  return (cpuMillis() - start) / SCRAPES;
}

const mine: number[] = [];
const peer: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  mine.push(measure((from, i) => ours(from, round * SCRAPES + i)));
  peer.push(
    measure((from) => {
      families = parsePrometheus(from).length;
    }),
  );
}
if (points < 500 || families < 50) throw new Error(`${points} points, ${families} families`);
report([
  { name: 'exposition', value: text.length / 1000, unit: 'kB' },
  { name: 'points', value: points, unit: 'points' },
  { name: 'parsed and mapped, CPU', value: median(mine), unit: 'ms' },
  { name: 'npm parser, CPU', value: median(peer), unit: 'ms' },
  {
    name: 'part of the npm parser',
    value: median(mine) / median(peer),
    unit: 'of 1',
    limit: 1 / 3,
  },
]);
