/** Child of cgroup.ts: PASSES FD_BUDGET PARENT MEMORY_CGROUP; prints its measurements as JSON. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseComponentId } from '../../src/component/id.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { cgroup } from '../../src/receivers/cgroup/factory.ts';
import { cpuMillis } from './report.ts';

const [passes = '', fdBudget = '', parent = '', memoryCgroup = ''] = process.argv.slice(2);
const nothing = { add() {}, set() {} };
const telemetry = {
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  counter: () => nothing,
  gauge: () => nothing,
};
const yaml = `{collection_interval: 0s, raw_cgroups: all, fd_budget: ${fdBudget}}`;
const settings = { id: parseComponentId('cgroup', ''), telemetry, now: Date.now };
let points = 0;
const receiver = cgroup.create(settings, decode(cgroup.config, confOf(parseYaml(yaml, 'bench'))), {
  consume: async (batch) => {
    points = batch.points.length;
  },
});
await receiver.start({
  resource: { attributes: {} },
  extension: () => undefined,
  collect: async () => {},
});

const passMillis: number[] = [];
let longestSliceMillis = 0;
for (let pass = 0; pass < Number(passes); pass++) {
  let turn = cpuMillis();
  let isDone = false;
  const look = () => {
    const now = cpuMillis();
    // The first passes open the files and compile the code.
    if (pass > 10) longestSliceMillis = Math.max(longestSliceMillis, now - turn);
    turn = now;
    if (!isDone) setImmediate(look);
  };
  setImmediate(look);
  const start = cpuMillis();
  await receiver.collectNow(performance.now() + 60_000);
  passMillis.push(cpuMillis() - start);
  isDone = true;
  await sleep(5);
}

const open = readdirSync('/proc/self/fd').map((fd) => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
});
const kept = open.filter((path) => path.includes(`${parent}/`));
const names = new Set(kept.map((path) => path.slice(path.lastIndexOf('/') + 1)));
const folders = new Set(kept.map((path) => path.slice(0, path.lastIndexOf('/'))));
const memoryBytes = Number(readFileSync(`${memoryCgroup}/memory.usage_in_bytes`, 'utf8'));
const others = [...mountsOf(folders)].flatMap((mount) =>
  readdirSync(`${mount}${parent}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((leaf) => filesOf(`${mount}${parent}/${leaf.name}`)),
);
const isKept = new Set(kept);
process.stdout.write(
  JSON.stringify({
    passMillis: passMillis.slice(10),
    longestSliceMillis,
    memoryBytes,
    points,
    kept,
    others: others.filter((path) => !isKept.has(path)),
  }),
);
await receiver.shutdown();

function mountsOf(paths: Iterable<string>): Set<string> {
  return new Set([...paths].map((path) => path.slice(0, path.indexOf(parent))));
}

/** The files of a leaf that a pass reads: those of the same names that are kept for another leaf. */
function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => names.has(name) && isRead(folder, name))
    .map((name) => `${folder}/${name}`);
}

/** cpu.stat is read only under a quota, which no leaf of this bench has. */
function isRead(folder: string, name: string): boolean {
  const mount = folder.slice(0, folder.indexOf(parent));
  return kept.some((path) => path.startsWith(mount) && path.endsWith(`/${name}`));
}
