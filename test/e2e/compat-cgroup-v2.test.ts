import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GUEST_AGENT, valueFor } from '../support/agent.ts';
import { GUEST_TIMEOUT_MILLIS, runGuest, shownIn } from '../support/guest.ts';
import { build, findKernel, findPeer, isMissing } from '../support/peers.ts';
import { cgroupOf, podSlice, type StateOptions, writeState } from '../support/runsc/states.ts';

const isSkipped = isMissing('compat cgroups in a guest', {
  qemu: findPeer('qemu-system-x86_64'),
  kernel: findKernel(),
  cpio: findPeer('cpio'),
  busybox: findPeer('busybox'),
  go: findPeer('go'),
});

const ROOT = '/sys/fs/cgroup';
const POD = podSlice('16b4b963-ffee-4616-812c-a13ed94c0c7f');
const idOf = (letter: string) => letter.repeat(64);
const SANDBOX = idOf('5');
const MIB = 2 ** 20;

const defaults = {
  sandboxId: SANDBOX,
  pid: 4242,
  podUid: '16b4b963-ffee-4616-812c-a13ed94c0c7f',
  driver: 'systemd',
} as const;
const LIMITED = {
  memory: { limit: 512 * MIB, swap: 1024 * MIB, reservation: 64 * MIB },
  cpu: { quota: 50_000, period: 100_000, shares: 2048 },
  pids: { limit: 100 },
};
const CONTAINERS = {
  pause: { ...defaults, id: SANDBOX },
  app: { ...defaults, id: idOf('a'), resources: LIMITED },
  side: { ...defaults, id: idOf('b'), resources: { memory: { limit: 32 * MIB } } },
  late: { ...defaults, id: idOf('c'), resources: { cpu: { quota: 20_000, period: 50_000 } } },
  /** Somebody else has made its scope. */
  other: { ...defaults, id: idOf('d'), resources: LIMITED },
  /** Its pod has no slice. */
  lost: { ...defaults, id: idOf('e'), podUid: '00000000-ffee-4616-812c-a13ed94c0c7f' },
  /** Of a pod under the cgroupfs driver, whose directories runsc makes. */
  plain: { ...defaults, id: idOf('f'), driver: 'cgroupfs', resources: LIMITED },
  missing: { ...defaults, id: idOf('9'), driver: 'cgroupfs', resources: LIMITED },
} as const satisfies Record<string, StateOptions>;
type Name = keyof typeof CONTAINERS;

const pathOf = (name: Name) => `${ROOT}${cgroupOf(CONTAINERS[name])}`;
const ORPHAN = `${ROOT}${POD.path}/cri-containerd-${idOf('0')}.scope`;
const STRANGER = `${ROOT}${POD.path}/cri-containerd-${idOf('1')}.scope`;

/** Bears the mark, and is no container's. */
const OTHER_SCOPE = `${ROOT}${POD.path}/other.scope`;

const configOf = (options: string) => `
extensions:
  workload_observer:
  compat_cgroup: {memory_min: true, ${options}}
receivers: {cgroup: {collection_interval: 1h}}
exporters: {debug: }
service:
  extensions: [workload_observer, compat_cgroup]
  pipelines: {metrics: {receivers: [cgroup], exporters: [debug]}}
`;

/** Shows directories, modes and limits by path, between markers. */
const SCRIPT = `
A=${pathOf('app')}; B=${pathOf('side')}; C=${pathOf('late')}; D=${pathOf('other')}
P=${ROOT}${POD.path}; F=${pathOf('plain')}
enable() { echo "+cpu +memory +pids" > $1/cgroup.subtree_control; }
tree() { path=.; for part in $(echo $1 | tr / ' '); do path=$path/$part; mkdir -p $path; enable $path; done; }
state() { for each in $*; do sed "s/4242/$sandbox/" /states/$each > /tmp/state; eval mv /tmp/state /run/runsc/\\$$each; done; }
gone() { for each in $*; do eval rm /run/runsc/\\$$each; done; }
launch() { "$@" 2>/tmp/log & agent=$!; soon 'grep -q "is ready" /tmp/log'; }
ready() { launch ${GUEST_AGENT.command} --config /$1.yaml; }
end() { kill -$1 $agent; wait $agent; echo "== log-$2"; cat /tmp/log; }
soon() { for i in $(seq 100); do eval "$1" && break; sleep 0.1; done; }
show() {
  echo "== $1"
  for each in $P/*.scope $F ${pathOf('missing')}; do
    [ -d $each ] || continue
    echo "$each/mode:$(stat -c %a $each)"
    for file in cpu.max cpu.weight memory.max memory.swap.max memory.low memory.min pids.max; do
      [ -e $each/$file ] && echo "$each/$file:$(cat $each/$file)"
    done
  done
}
${Object.entries(CONTAINERS)
  .map(([name, { id }]) => `${name}=${id}_sandbox:${SANDBOX}.state`)
  .join('\n')}
cd ${ROOT}
enable .; tree ${POD.path}; tree ${dirname(cgroupOf(CONTAINERS.plain))}
mkdir ${pathOf('pause')} $D $F ${STRANGER} ${OTHER_SCOPE}; chmod 1755 ${OTHER_SCOPE}
sh -c 'sleep 100000; :' runsc-sandbox boot ${SANDBOX} & sandbox=$!
echo $sandbox > ${pathOf('pause')}/cgroup.procs
mkdir -p /run/runsc; state pause app side other lost plain missing
/cadvisor 127.0.0.1:8080 /kubepods 2>/tmp/cadvisor.log &

ready dry; show dry; end TERM dry
ready short; soon '[ -d $A ]'; sleep 1; show made
soon 'wget -q -O /tmp/c http://127.0.0.1:8080/metrics && grep -q ${idOf('a')} /tmp/c'
sleep 2; wget -q -O /tmp/c http://127.0.0.1:8080/metrics; echo "== cadvisor"; grep ${idOf('a')} /tmp/c
echo "== inode-made"; stat -c %i $A
echo "-memory" > $P/cgroup.subtree_control; sleep 2; show off
echo "+memory" > $P/cgroup.subtree_control; sleep 3; show on
echo 104857600 > $B/memory.max; sleep 3; show foreign
end KILL killed; show left
mkdir ${ORPHAN}; chmod 1755 ${ORPHAN}
gone side; state late
ready long; sleep 1; show restarted; echo "== inode-restarted"; stat -c %i $A
echo 7 > $A/pids.max; sleep 0.5
sleep 100001 & echo $! > $A/cgroup.procs; soon 'grep -qs max $A/memory.max'; sleep 0.5; show populated
sleep 100002 & echo $! > $F/cgroup.procs; soon 'grep -qs max $F/memory.max'; sleep 0.5; show plain
gone late; soon '[ ! -d $C ]'; show dead
state late; soon '[ -d $C ]'; end TERM stopped; show stopped
ready take; soon '[ -d $C ]'; sleep 1; end TERM taken; show taken
launch unshare -m sh -c 'mount -o remount,ro ${ROOT}; exec ${GUEST_AGENT.command} --config /short.yaml'
sleep 4; end TERM readonly
ready short; soon '[ -d $C ]'; kill $sandbox; soon '[ ! -d $C ]'; end TERM crashed; show crashed
echo "== end"
`;

describe.skipIf(isSkipped)('compat cgroups on a real cgroup v2 kernel', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-compat-'));
  let part: Map<string, string>;
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    const write = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const states = Object.entries(CONTAINERS).map(([name, options]) => [
      `/states/${name}`,
      writeState(folder, options),
    ]);
    const files = {
      ...GUEST_AGENT.files,
      '/cadvisor': build('build-go.sh', 'cadvisor'),
      '/dry.yaml': write('dry', configOf('dry_run: true')),
      '/short.yaml': write('short', configOf('interval: 1s')),
      '/long.yaml': write('long', configOf('interval: 1h')),
      '/take.yaml': write('take', configOf('interval: 1s, remove_on_shutdown: true')),
      ...Object.fromEntries(states),
    };
    part = await runGuest(SCRIPT, files);
  }, GUEST_TIMEOUT_MILLIS);

  /** Mode and limits of a directory, as shown; empty when it is not there. */
  const shown = (section: string, directory: string) => shownIn(part.get(section), directory);
  const warnings = (section: string) =>
    (part.get(`log-${section}`) ?? '').split('\n').filter((line) => /\t(warn|error)\t/.test(line));

  const FULL = {
    mode: '1755',
    'cpu.max': '50000 100000',
    'cpu.weight': '79',
    'memory.max': '536870912',
    'memory.swap.max': '536870912',
    'memory.low': '67108864',
    'memory.min': '67108864',
    'pids.max': '100',
  };
  const UNLIMITED = {
    mode: '755',
    'cpu.max': 'max 100000',
    'cpu.weight': '100',
    'memory.max': 'max',
    'memory.swap.max': 'max',
    'memory.low': '0',
    'memory.min': '0',
    'pids.max': 'max',
  };
  const APP = pathOf('app');

  test('a dry run says what would be done, and does nothing', () => {
    expect(shown('dry', APP)).toEqual({});
    expect(shown('dry', pathOf('plain'))).toEqual(UNLIMITED);
    const line = (part.get('log-dry') ?? '').split('\n').find((each) => each.includes('Dry run'));
    const { steps } = JSON.parse(/\{.*/.exec(line ?? '')?.[0] ?? '{}');
    const of = (name: Name) =>
      steps.filter((step: string) => step.includes(CONTAINERS[name].id)).sort();
    const writes = (name: Name) =>
      Object.entries(FULL)
        .filter(([file]) => file !== 'mode')
        .map(([file, value]) => `write ${pathOf(name)}/${file} ${value}`);
    expect(of('app')).toEqual([`mkdir ${APP}`, ...writes('app').sort()]);
    expect(of('plain')).toEqual([`chmod +t ${pathOf('plain')}`, ...writes('plain').sort()]);
    for (const name of ['pause', 'other', 'lost', 'missing'] as const) {
      expect(of(name), name).toEqual([]);
    }
  });

  test('the directory is made, and each file has its value', () => {
    expect(shown('made', APP)).toEqual(FULL);
    const side = { ...UNLIMITED, mode: '1755', 'memory.max': String(32 * MIB) };
    expect(shown('made', pathOf('side'))).toEqual(side);
  });

  test('one that runsc has made is filled; no other is made or changed', () => {
    expect(shown('made', pathOf('plain'))).toEqual(FULL);
    expect(shown('made', pathOf('missing'))).toEqual({});
    for (const directory of [pathOf('pause'), pathOf('other'), STRANGER]) {
      expect(shown('made', directory)).toEqual(UNLIMITED);
    }
  });

  test('a real cAdvisor lists the container, with the limits of its spec', () => {
    const id = cgroupOf(CONTAINERS.app);
    const text = part.get('cadvisor') ?? '';
    const row = (name: string) => valueFor(text, `container_spec_${name}`, id);
    expect(row('cpu_quota')).toBe(LIMITED.cpu.quota);
    expect(row('cpu_period')).toBe(LIMITED.cpu.period);
    expect(row('memory_limit_bytes')).toBe(LIMITED.memory.limit);
    // On v2 it prints swap alone.
    expect(row('memory_swap_limit_bytes')).toBe(LIMITED.memory.swap - LIMITED.memory.limit);
    expect(row('memory_reservation_limit_bytes')).toBe(LIMITED.memory.reservation);
    // 2,048 are the weight 79, which it turns back.
    expect(row('cpu_shares')).toBe(2046);
    expect(valueFor(text, 'container_memory_usage_bytes', id)).toBe(0);
  });

  test('files that go and come back are written again, without a word', () => {
    expect(Object.keys(shown('off', APP))).toEqual(['mode', 'cpu.max', 'cpu.weight', 'pids.max']);
    expect(shown('on', APP)).toEqual(FULL);
    expect(warnings('killed')).toEqual([]);
  });

  test('what another has written stays', () => {
    expect(shown('foreign', pathOf('side'))['memory.max']).toBe('104857600');
  });

  test('after kill -9 it is taken up again; what died meanwhile is removed', () => {
    expect(shown('left', APP)).toEqual(FULL);
    expect(shown('restarted', APP)).toEqual(FULL);
    expect(part.get('inode-restarted')).toBe(part.get('inode-made'));
    expect(shown('left', pathOf('side'))).not.toEqual({});
    expect(shown('restarted', pathOf('side'))).toEqual({});
    expect(shown('restarted', ORPHAN)).toEqual({});
    expect(shown('restarted', pathOf('late'))['cpu.max']).toBe('20000 50000');
  });

  test('nothing else is ever removed', () => {
    for (const section of ['restarted', 'taken', 'crashed']) {
      expect(shown(section, STRANGER), section).toEqual(UNLIMITED);
      expect(shown(section, pathOf('other')), section).toEqual(UNLIMITED);
      expect(shown(section, OTHER_SCOPE).mode, section).toBe('1755');
      expect(shown(section, pathOf('plain')), section).not.toEqual({});
    }
  });

  test('a process that comes in is under no limit of ours, though of those of others', () => {
    expect(shown('populated', APP)).toEqual({ ...UNLIMITED, 'pids.max': '7' });
    // Written in the life before.
    expect(shown('plain', pathOf('plain'))).toEqual(UNLIMITED);
    expect(warnings('stopped')).toEqual([]);
  });

  test('a directory goes with its container, and stays when the agent ends', () => {
    expect(shown('dead', pathOf('late'))).toEqual({});
    expect(shown('stopped', pathOf('late'))['cpu.max']).toBe('20000 50000');
    expect(shown('taken', pathOf('late'))).toEqual({});
    expect(shown('taken', APP).mode).toBe('755');
  });

  test('a sandbox that is killed leaves its state, and no directory', () => {
    expect(shown('crashed', pathOf('late'))).toEqual({});
  });

  test('a file system that may not be written is said once', () => {
    expect(warnings('readonly')).toEqual([expect.stringContaining('EROFS')]);
  });
});
