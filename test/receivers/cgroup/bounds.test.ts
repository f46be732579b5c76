import { afterEach, expect, test } from 'vitest';
import {
  createBounds,
  MAX_CGROUPS,
  MAX_INSIDE_CONTAINER,
} from '../../../src/receivers/cgroup/bounds.ts';
import { makeHost, podSlice } from '../../support/fake-host.ts';
import { type Observed, runObserved } from '../../support/observed.ts';

const UID = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const scope = (digit: string) => `${podSlice(UID)}/cri-containerd-${digit.repeat(64)}.scope`;
let observed: Observed | undefined;
afterEach(() => observed?.shutdown());

test('a container that makes cgroups without end is held, others are not', async () => {
  const host = makeHost();
  host.cgroup(podSlice(UID));
  host.cgroup(scope('a'), [1]);
  host.cgroup(scope('b'), [2]);
  for (let i = 0; i < MAX_INSIDE_CONTAINER + 50; i++) host.bareCgroup(`${scope('a')}/x${i}`);
  for (let i = 0; i < 10; i++) host.bareCgroup(`${scope('b')}/y${i}`);
  const root = `root_path: ${host.path}`;
  observed = await runObserved({ receiver: `${root}\nraw_cgroups: all`, observer: root }, Date.now);
  const rows = await observed.read();
  const count = (prefix: string) =>
    rows.filter(
      ({ metric, labels }) =>
        metric === 'container_cpu_usage_seconds_total' && labels.id?.startsWith(prefix),
    ).length;
  expect(count(`${scope('a')}/`)).toBe(MAX_INSIDE_CONTAINER);
  expect(count(`${scope('b')}/`)).toBe(10);
  expect(observed.log.filter((line) => line.includes('Too many cgroups'))).toHaveLength(1);
  expect(observed.own('sandgauge_source_left_out_cgroups', { source: 'cgroup' })).toBe(50);
  host.remove();
});

test('room that was left is taken by the next', () => {
  const bounds = createBounds();
  for (let i = 0; i < MAX_CGROUPS; i++) bounds.added(`/x${i}`);
  expect(bounds.mayAdd('/more')).toBe(false);
  expect(bounds.mayAdd(`${scope('a')}/inside`)).toBe(true);
  bounds.removed('/x1');
  expect(bounds.mayAdd('/more')).toBe(true);
});
