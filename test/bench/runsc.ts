/**
 * CPU of a pass over 100 sandboxes of 3 containers each, by container, against one `runsc events
 * --stats` of a real sandbox. The sandboxes are doubles of newer builds, in a process of their own.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseComponentId } from '../../src/component/id.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { runsc } from '../../src/receivers/runsc/factory.ts';
import { runRunscPod } from '../support/runsc/sandbox.ts';
import { cpuMillis, median, report } from './report.ts';

const SANDBOXES = 100;
const CONTAINERS = 3 * SANDBOXES;
const PASSES = 60;
const WARM_UP = 20;
const EXECS = 20;

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-bench-'));
const doubles = spawn(
  process.execPath,
  ['test/bench/runsc-doubles.ts', folder, String(SANDBOXES)],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
const pod = await runRunscPod('bench', {
  containers: { idle: { command: ['/bin/sleep', '100000'] } },
});
try {
  await once(doubles.stdout, 'data');
  const { millis, points } = await passes();
  const exec = execMillis();
  const perContainer = millis / CONTAINERS;
  report([
    { name: 'sandboxes', value: SANDBOXES, unit: 'sandboxes' },
    { name: 'points per pass', value: points, unit: 'points' },
    { name: 'pass, CPU', value: millis, unit: 'ms' },
    { name: 'pass by container, CPU', value: perContainer, unit: 'ms' },
    { name: 'one runsc events --stats, CPU', value: exec, unit: 'ms' },
    { name: 'container over exec', value: perContainer / exec, unit: 'of 1', limit: 1 / 50 },
  ]);
} finally {
  doubles.stdin.end();
  await once(doubles, 'exit');
  await pod.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function passes(): Promise<{ millis: number; points: number }> {
  const nothing = { add() {}, set() {} };
  const logger = { debug() {}, info() {}, warn: console.error, error: console.error };
  const telemetry = { logger, counter: () => nothing, gauge: () => nothing };
  const settings = { id: parseComponentId('runsc', ''), telemetry, now: Date.now };
  const yaml = `{collection_interval: 0s, root_path: ${folder}, transport: control_socket}`;
  let points = 0;
  const receiver = runsc.create(settings, decode(runsc.config, confOf(parseYaml(yaml, 'bench'))), {
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
  const millis: number[] = [];
  for (let pass = 0; pass < PASSES; pass++) {
    const start = cpuMillis();
    await receiver.collectNow(performance.now() + 60_000);
    if (pass >= WARM_UP) millis.push(cpuMillis() - start);
    await sleep(5);
  }
  await receiver.shutdown();
  return { millis: median(millis), points };
}

/** User and system time of one run, by the shell's `times`. */
function execMillis(): number {
  const script = `for i in $(seq ${EXECS}); do "$@" >/dev/null; done; times`;
  const command = ['runsc', '--root', pod.root, 'events', '--stats', pod.ids.idle ?? ''];
  const output = execFileSync('bash', ['-c', script, 'bash', ...command], { encoding: 'utf8' });
  const children = output.trim().split('\n').at(-1) ?? '';
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return (seconds.reduce((sum, value) => sum + value, 0) * 1000) / EXECS;
}
