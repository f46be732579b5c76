import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GUEST_AGENT } from '../support/agent.ts';
import { GUEST_TIMEOUT_MILLIS, shownIn } from '../support/guest.ts';
import { findKernel, findPeer, isMissing } from '../support/peers.ts';
import { cgroupOf, podSlice, type StateOptions, writeState } from '../support/runsc/states.ts';
import { findSystemd, runSystemdGuest } from '../support/systemd-guest.ts';

const isSkipped = isMissing('compat cgroups under a real systemd', {
  qemu: findPeer('qemu-system-x86_64'),
  kernel: findKernel(),
  cpio: findPeer('cpio'),
  busybox: findPeer('busybox'),
  systemd: findSystemd(),
});

const ROOT = '/sys/fs/cgroup';
const idOf = (letter: string) => letter.repeat(64);
const SANDBOX = idOf('5');
const POD = '16b4b963-ffee-4616-812c-a13ed94c0c7f';
const OTHER_POD = '26b4b963-ffee-4616-812c-a13ed94c0c7f';

const resources = {
  memory: { limit: 256 * 2 ** 20, swap: 256 * 2 ** 20, reservation: 2 ** 24 },
  cpu: { quota: 50_000, period: 100_000, shares: 512 },
  pids: { limit: 64 },
};
const defaults = { sandboxId: SANDBOX, pid: 4242, podUid: POD, driver: 'systemd' } as const;
const CONTAINERS = {
  app: { ...defaults, id: idOf('a'), resources },
  /** A newer runsc makes it a unit of its own. */
  unit: { ...defaults, id: idOf('b'), resources },
  /** Its pod is stopped while its sandbox lives on elsewhere. */
  stopped: { ...defaults, id: idOf('c'), podUid: OTHER_POD, resources },
} as const satisfies Record<string, StateOptions>;
type Name = keyof typeof CONTAINERS;

const pathOf = (name: Name) => `${ROOT}${cgroupOf(CONTAINERS[name])}`;
const SLICE = podSlice(POD);
const OTHER_SLICE = podSlice(OTHER_POD);
const FILES = 'cpu.max cpu.weight memory.max memory.swap.max memory.low pids.max';

const CONFIG = `
extensions:
  workload_observer:
  compat_cgroup: {interval: 1s}
receivers: {cgroup: {collection_interval: 1h}}
exporters: {debug: }
service:
  extensions: [workload_observer, compat_cgroup]
  pipelines: {metrics: {receivers: [cgroup], exporters: [debug]}}
`;

const SCRIPT = `
P=${ROOT}${SLICE.path}
soon() { for i in $(seq 100); do eval "$1" && break; sleep 0.1; done; }
scope() { slice=$1; unit=$2; shift 2; systemd-run --quiet --scope --slice=$slice --unit=$unit "$@" & }
show() {
  echo "== $1"
  for each in ${Object.keys(CONTAINERS)
    .map((name) => pathOf(name as Name))
    .join(' ')}; do
    [ -d $each ] && for file in ${FILES}; do [ -e $each/$file ] && echo "$each/$file:$(cat $each/$file)"; done
  done
}
scope ${SLICE.unit} cri-containerd-${SANDBOX} -p Delegate=yes sh -c 'sleep 100000; :' runsc-sandbox boot ${SANDBOX}
scope ${OTHER_SLICE.unit} other -p Delegate=yes sleep 100001
soon '[ -s $P/cri-containerd-${SANDBOX}.scope/cgroup.procs ]'; soon '[ -d ${ROOT}${OTHER_SLICE.path}/other.scope ]'
read sandbox < $P/cri-containerd-${SANDBOX}.scope/cgroup.procs
mkdir -p /run/runsc
for each in /states/*; do sed "s/4242/$sandbox/" $each > /run/runsc/\${each#/states/}; done
${GUEST_AGENT.command} --config /agent.yaml 2>/run/log & agent=$!
soon 'grep -q "is ready" /run/log'; sleep 1; show made
systemctl daemon-reload; sleep 3; show reloaded
systemctl set-property --runtime ${SLICE.unit} CPUWeight=50 MemoryMax=1G; sleep 3; show property
echo "-memory -pids" > $P/cgroup.subtree_control; show off
systemctl set-property --runtime ${SLICE.unit} MemoryMax=2G TasksMax=1000; systemctl daemon-reload
scope ${SLICE.unit} more -p Delegate=yes sleep 100002; sleep 3; show back
cat $P/memory.max $P/cpu.weight
scope ${SLICE.unit} cri-containerd-${CONTAINERS.unit.id} -p MemoryMax=64M -p Delegate=yes sleep 100003
soon '[ -s ${pathOf('unit')}/cgroup.procs ]'; sleep 2; show unit
systemctl stop cri-containerd-${CONTAINERS.unit.id}.scope; sleep 3; show unit-gone
systemctl stop ${OTHER_SLICE.unit}; sleep 3
echo "== other"; ls -d ${ROOT}${OTHER_SLICE.path} 2>&1; kill -0 $sandbox && echo alive
systemctl stop ${SLICE.unit}; sleep 3
echo "== slices"; ls -d $P 2>&1; systemctl list-units --failed --no-legend --plain
kill $agent; wait $agent; echo "== log"; cat /run/log
echo "== end"
`;

describe.skipIf(isSkipped)('compat cgroups under a real systemd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-compat-'));
  let part: Map<string, string>;
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    const states = Object.values(CONTAINERS).map((options) => writeState(folder, options));
    const config = join(folder, 'agent.yaml');
    writeFileSync(config, CONFIG);
    part = await runSystemdGuest(SCRIPT, {
      ...GUEST_AGENT.files,
      '/agent.yaml': config,
      ...Object.fromEntries(states.map((path) => [path.replace(folder, '/states'), path])),
    });
  }, GUEST_TIMEOUT_MILLIS);

  const shown = (section: string, name: Name) => shownIn(part.get(section), pathOf(name));
  const FULL = {
    'cpu.max': '50000 100000',
    'cpu.weight': '20',
    'memory.max': String(256 * 2 ** 20),
    'memory.swap.max': '0',
    'memory.low': String(2 ** 24),
    'pids.max': '64',
  };

  test('directories below slices of systemd', () => {
    for (const name of Object.keys(CONTAINERS) as Name[]) expect(shown('made', name)).toEqual(FULL);
  });

  test('a daemon-reload and a set-property on the slice leave them as they are', () => {
    expect(shown('reloaded', 'app')).toEqual(FULL);
    expect(shown('property', 'app')).toEqual(FULL);
  });

  test('files that systemd brings back are written again', () => {
    expect(Object.keys(shown('off', 'app'))).toEqual(['cpu.max', 'cpu.weight']);
    expect(shown('back', 'app')).toEqual(FULL);
    // The slice has what it was told.
    expect(part.get('back')?.trimEnd().split('\n').slice(-2)).toEqual([String(2 ** 31), '50']);
  });

  test('a unit of the same name has the limits that it was given, and none of ours', () => {
    const { 'pids.max': pids, ...others } = shown('unit', 'unit');
    expect(others).toEqual({
      'cpu.max': 'max 100000',
      'cpu.weight': '100',
      'memory.max': String(64 * 2 ** 20),
      'memory.swap.max': 'max',
      'memory.low': '0',
    });
    // systemd's own default.
    expect(Number(pids)).toBeGreaterThan(100);
    expect(shown('unit-gone', 'unit')).toEqual({});
    expect(shown('unit-gone', 'app')).toEqual(FULL);
  });

  test('a slice that is stopped stays gone, though the sandbox lives', () => {
    expect(shown('unit-gone', 'stopped')).toEqual(FULL);
    expect(part.get('other')).toMatch(/: No such file or directory\nalive\n$/);
    expect(part.get('slices')).toMatch(/: No such file or directory\n$/);
  });

  test('there is nothing to say of it', () => {
    expect(part.get('log')).not.toMatch(/\t(warn|error)\t/);
  });
});
