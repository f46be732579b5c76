/**
 * The standalone binary (or those of the command line): CPU until it listens against `node -e 0`,
 * its size, and its anonymous memory: idle with the built-in pipelines, and scraped once a second
 * on a captured host with 200 containers.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/agent.ts';
import { packagedBinary } from '../support/binary.ts';
import { makeCrowdedHost } from './crowded-host.ts';
import { type Figure, report } from './report.ts';

const STARTS = 10;
const CONTAINERS = 200;
const SCRAPES = 60;
/** Until code is compiled and caches are full. */
const WARM_UP = 20;
const SETTLE_MILLIS = 2000;
const MEGABYTE = 1e6;

interface Running {
  readonly pid: number;
  readonly url: string;
  /** CPU until it listened. */
  readonly startMillis: number;
  stop(): Promise<void>;
}

const named = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const folder = mkdtempSync(join(tmpdir(), 'sandgauge-bench-'));
try {
  makeCrowdedHost(folder, CONTAINERS);
  const figures: Figure[] = [];
  for (const binary of named.length > 0 ? named : [packagedBinary()]) {
    const prefix = named.length > 1 ? `${binary}: ` : '';
    for (const figure of await measure(binary)) {
      figures.push({ ...figure, name: `${prefix}${figure.name}` });
    }
  }
  report(figures);
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(binary: string): Promise<Figure[]> {
  const plain: number[] = [];
  const starts: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    plain.push(plainNodeMillis());
    const agent = await start(binary);
    starts.push(agent.startMillis);
    await agent.stop();
  }
  // The load of the machine only ever adds.
  const [plainMillis, startMillis] = [Math.min(...plain), Math.min(...starts)];
  const idle = await start(binary);
  await sleep(SETTLE_MILLIS);
  const idleBytes = anonymousBytes(idle.pid);
  await idle.stop();
  const busy = await collect(binary);
  return [
    { name: 'size', value: statSync(binary).size / MEGABYTE, unit: 'MB' },
    { name: 'node -e 0, CPU', value: plainMillis, unit: 'ms' },
    { name: 'CPU until listening', value: startMillis, unit: 'ms' },
    { name: 'start over node -e 0', value: startMillis / plainMillis, unit: 'of 1', limit: 6 },
    { name: 'idle, anonymous', value: idleBytes / MEGABYTE, unit: 'MB', limit: 45 },
    { name: `${CONTAINERS} containers: rows`, value: busy.rows, unit: 'rows' },
    {
      name: `${CONTAINERS} containers at 1 s: anonymous, highest`,
      value: busy.bytes / MEGABYTE,
      unit: 'MB',
    },
    {
      name: `${CONTAINERS} containers at 1 s: CPU of a scrape`,
      value: busy.millis,
      unit: 'ms',
    },
  ];
}

/** CPU of `node -e 0`, to its end. */
function plainNodeMillis(): number {
  const command = `TIMEFORMAT='%U %S'; time "$0" -e 0`;
  const output = execFileSync('bash', ['-c', `{ ${command}; } 2>&1`, process.execPath], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [user = 0, system = 0] = output.trim().split(' ').map(Number);
  return (user + system) * 1000;
}

async function start(binary: string, args: readonly string[] = []): Promise<Running> {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const listen = ['--set', `exporters.prometheus.endpoint=${endpoint}`];
  const child = spawn(binary, [...args, ...listen], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  const pid = child.pid ?? 0;
  let log = '';
  for await (const line of createInterface(child.stderr)) {
    log += `${line}\n`;
    if (!line.includes('Everything is ready')) continue;
    return {
      ...{ pid, url: `http://${endpoint}/metrics`, startMillis: cpuMillisOf(pid) },
      async stop() {
        child.kill();
        await exited;
      },
    };
  }
  throw new Error(`${binary} did not start:\n${log}`);
}

async function collect(binary: string): Promise<{ rows: number; bytes: number; millis: number }> {
  const roots = ['receivers.cgroup', 'extensions.workload_observer'];
  const args = roots.flatMap((owner) => ['--set', `${owner}.root_path=${folder}`]);
  const agent = await start(binary, args);
  let [rows, bytes, cpuAtFirst] = [0, 0, 0];
  for (let i = 0; i < SCRAPES; i++) {
    if (i === WARM_UP) cpuAtFirst = cpuMillisOf(agent.pid);
    const next = sleep(1000);
    const text = await (await fetch(agent.url)).text();
    rows = text.split('\n').filter((line) => line.startsWith('container_')).length;
    if (i >= WARM_UP) bytes = Math.max(bytes, anonymousBytes(agent.pid));
    await next;
  }
  const millis = (cpuMillisOf(agent.pid) - cpuAtFirst) / (SCRAPES - WARM_UP);
  await agent.stop();
  return { rows, bytes, millis };
}

/** CPU that the threads of a process used so far, in ms. */
function cpuMillisOf(pid: number): number {
  const nanos = readdirSync(`/proc/${pid}/task`).map((thread) => {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  });
  return nanos.reduce((sum, each) => sum + each, 0) / 1e6;
}

function anonymousBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Anonymous: +(\d+) kB$/m.exec(rollup)?.[1]) * 1024;
}
