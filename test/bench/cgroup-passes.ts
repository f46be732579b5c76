/** Child of cgroup.ts: PASSES FD_BUDGET PARENT SELF; prints its measurements as JSON. */
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseComponentId } from '../../src/component/id.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { cgroup } from '../../src/receivers/cgroup/factory.ts';
import { makeCgroup } from '../support/cgroup-v1.ts';
import { cpuMillis, threadMillis } from './report.ts';

const [passes = '', fdBudget = '', parent = '', self = ''] = process.argv.slice(2);
const nothing = { add() {}, set() {} };
const telemetry = {
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  counter: () => nothing,
  gauge: () => nothing,
};
const include = `['${parent}/*', '${self}']`;
const yaml = `{collection_interval: 0s, raw_cgroups: all, fd_budget: ${fdBudget}, include: ${include}}`;
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
  health: () => ({ phase: 'running', upSince: 0, components: [] }),
});

const passMillis: number[] = [];
let longestSliceMillis = 0;
for (let pass = 0; pass < Number(passes); pass++) {
  let turn = threadMillis();
  let isDone = false;
  const look = () => {
    const now = threadMillis();
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

// Before the look at the descriptors: the kernel makes an inode of each.
const memoryBytes = Number(makeCgroup(self).read('memory', 'memory.usage_in_bytes'));
const open = readdirSync('/proc/self/fd').map((fd) => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
});
process.stdout.write(
  JSON.stringify({
    passMillis: passMillis.slice(10),
    longestSliceMillis,
    memoryBytes,
    points,
    kept: open.filter((path) => path.includes(`${parent}/`)),
  }),
);
await receiver.shutdown();
