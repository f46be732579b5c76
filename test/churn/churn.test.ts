import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { makeCgroup, type TestCgroup, v1Mounts } from '../support/cgroup-v1.ts';
import { makeHost } from '../support/fake-host.ts';
import { isMissing } from '../support/peers.ts';
import { makeGeneration } from './generation.ts';
import { type Holding, startWatched, type WatchedAgent } from './watched-agent.ts';

const SECONDS = Number(process.env.SANDGAUGE_CHURN_SECONDS ?? 90);
const CONTROLLERS = ['cpu', 'cpuacct', 'memory', 'pids', 'blkio'];
const MEGABYTE = 1e6;
const hasNoCgroups = isMissing('churn of real cgroups', {
  'cgroup v1 with root': v1Mounts().has('memory') && process.getuid?.() === 0,
});
const sizes = { pods: 12, sandboxes: 6, cgroups: hasNoCgroups ? 0 : 40 };

const host = makeHost();
const folder = mkdtempSync(join(tmpdir(), 'sandgauge-churn-'));
let agent: WatchedAgent | undefined;
let parent: TestCgroup | undefined;
afterAll(async () => {
  await agent?.stop();
  await parent?.remove();
  host.remove();
  rmSync(folder, { recursive: true });
});

test(
  'workloads come and go by the thousand: nothing of them stays',
  async () => {
    parent = hasNoCgroups ? undefined : makeCgroup('churn', CONTROLLERS);
    agent = await startWatched(['--config', writeConfig(parent?.id ?? '')]);
    const holdings: Holding[] = [];
    const end = performance.now() + SECONDS * 1000;
    let count = 0;
    while (performance.now() < end) {
      const generation = await makeGeneration(host, parent?.id ?? '', sizes);
      count += generation.ids.length;
      // The bad bundles withhold their own, and cgroups without a process have no rows.
      const wanted = generation.ids.length / 3;
      let alive = '';
      try {
        alive = await scrapeUntil(agent, (text) => countIn(text, generation.ids) > wanted);
      } finally {
        await generation.end();
      }
      expect(countIn(alive, generation.ids)).toBeGreaterThan(wanted);
      const after = await scrapeUntil(agent, (text) => countIn(text, generation.ids) === 0);
      expect(generation.ids.filter((id) => after.includes(id))).toEqual([]);
      const held = await agent.measure();
      holdings.push({ ...held, watches: held.watches - countCgroups() });
    }
    const thirds = [0, 2].map((third) => {
      const size = Math.floor(holdings.length / 3);
      return holdings.slice(third * size, third * size + size);
    });
    const [first, last] = thirds.map(medians) as [Holding, Holding];
    process.stderr.write(
      `churn: ${count} workloads in ${holdings.length} generations, ${agent.scrapes} scrapes; ` +
        `first third ${JSON.stringify(first)}, last ${JSON.stringify(last)}\n`,
    );
    expect(holdings.length).toBeGreaterThan(9);
    expect(last.heapBytes - first.heapBytes).toBeLessThan(3 * MEGABYTE);
    expect(last.descriptors - first.descriptors).toBeLessThanOrEqual(2);
    expect(last.watches).toBeLessThanOrEqual(first.watches);
    expect(last.series).toBe(first.series);
  },
  (SECONDS + 60) * 1000,
);

/** What comes and goes is seen with the next event or collection, not at once. */
async function scrapeUntil(
  { scrape }: WatchedAgent,
  isSo: (text: string) => boolean,
): Promise<string> {
  for (let tries = 0; ; tries++) {
    await sleep(200);
    const text = await scrape();
    if (tries > 20 || isSo(text)) return text;
  }
}

/** Of the whole host, for each is watched: other suites make some meanwhile. */
function countCgroups(): number {
  if (hasNoCgroups) return 0;
  const mounts = new Set(CONTROLLERS.map((controller) => v1Mounts().get(controller) ?? ''));
  return spawnSync('find', [...mounts, '-type', 'd'], { encoding: 'utf8' }).stdout.split('\n')
    .length;
}

function countIn(text: string, ids: readonly string[]): number {
  return ids.filter((id) => text.includes(id)).length;
}

function medians(holdings: readonly Holding[]): Holding {
  const of = (key: keyof Holding) =>
    holdings.map((each) => each[key]).sort((a, b) => a - b)[Math.floor(holdings.length / 2)] ?? 0;
  return {
    heapBytes: of('heapBytes'),
    descriptors: of('descriptors'),
    watches: of('watches'),
    series: of('series'),
  };
}

function writeConfig(parentId: string): string {
  const root = `root_path: ${host.path}`;
  const real =
    parentId === ''
      ? ''
      : `cgroup/real: {collection_interval: 0s, raw_cgroups: all, include: ['${parentId}/**']}`;
  const path = join(folder, 'config.yaml');
  writeFileSync(
    path,
    `extensions: {workload_observer: {${root}}}
receivers:
  cgroup: {${root}, collection_interval: 0s, raw_cgroups: all}
  runsc: {${root}, collection_interval: 0s}
  ${real}
exporters:
  prometheus: {collect_on_scrape: true, max_age: 0s}
service:
  extensions: [workload_observer]
  pipelines:
    metrics:
      receivers: [cgroup, runsc${real === '' ? '' : ', cgroup/real'}]
      exporters: [prometheus]
`,
  );
  return path;
}
