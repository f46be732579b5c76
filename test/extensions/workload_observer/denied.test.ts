import { chmodSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { containerdConfig, type Who, writeContainerd } from '../../support/bundles.ts';
import { type FakeHost, makeHost, podSlice } from '../../support/fake-host.ts';
import { type Observed, runObserved } from '../../support/observed.ts';
import { isMissing } from '../../support/peers.ts';

const NOBODY = 65_534;
const podUid = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const all: Who[] = ['a', 'b', 'c'].map((digit) => ({
  ...{ id: digit.repeat(64), podUid, pod: 'web-0', namespace: 'shop', container: digit },
}));
const isSkipped = isMissing('denied bundles', { root: process.getuid?.() === 0 });

let host: FakeHost;
let observed: Observed | undefined;
const clock = { now: 1_800_000_000_000 };
beforeEach(() => {
  host = makeHost();
  host.cgroup(podSlice(podUid));
  for (const who of all) {
    host.cgroup(`${podSlice(podUid)}/cri-containerd-${who.id}.scope`, [7]);
    writeContainerd(host, who);
  }
  chmodSync(host.path, 0o755);
});
afterEach(async () => {
  process.seteuid?.(0);
  await observed?.shutdown();
  host.remove();
});

async function containersAt(seconds: number): Promise<string[]> {
  clock.now += seconds * 1000;
  const rows = (await observed?.read()) ?? [];
  const names = rows.map(({ labels }) => labels.container ?? '');
  return [...new Set(names)].filter(Boolean).sort();
}

test.skipIf(isSkipped).each([
  ['config.json', (id: string) => containerdConfig(id)],
  ['the folder of the bundle', (id: string) => containerdConfig(id).replace('/config.json', '')],
  ['the state of containerd', () => 'run/containerd/io.containerd.runtime.v2.task'],
])(
  'without the right to read %s one line stands for all, and one for its end',
  async (_, pathOf) => {
    const paths = all.map(({ id }) => `${host.path}/${pathOf(id)}`);
    const modes = { closed: 0o700, open: 0o755 };
    if (paths[0]?.endsWith('.json')) Object.assign(modes, { closed: 0o600, open: 0o644 });
    for (const path of paths) chmodSync(path, modes.closed);
    const root = `root_path: ${host.path}`;
    process.seteuid?.(NOBODY);
    observed = await runObserved({ receiver: root, observer: root }, () => clock.now);
    for (const seconds of [0, 1, 5, 60, 60]) expect(await containersAt(seconds)).toEqual([]);
    const denied = observed.log.filter((line) => line.includes('Bundles may not be read'));
    expect(denied).toHaveLength(1);
    expect(denied[0]).toMatch(/^warn: .*needs root or CAP_DAC_READ_SEARCH/);
    expect(observed.log).toHaveLength(2);

    process.seteuid?.(0);
    for (const path of paths) chmodSync(path, modes.open);
    process.seteuid?.(NOBODY);
    await containersAt(6);
    expect(await containersAt(6)).toEqual(['a', 'b', 'c']);
    const after = observed.log.slice(2).map((line) => line.replace(/ \(.*/, ''));
    expect(after.sort()).toEqual([
      'info: Bundle can be used again',
      'info: No workload is withheld any more',
    ]);
  },
);
