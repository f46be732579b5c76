import type { Host } from '../../../src/component/component.ts';
import { parseComponentId } from '../../../src/component/id.ts';
import { decode } from '../../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../../src/confmap/document.ts';
import { createChunkPool } from '../../../src/exporters/prometheus/chunks.ts';
import { createStore } from '../../../src/exporters/prometheus/store.ts';
import { renderText } from '../../../src/exporters/prometheus/text.ts';
import { workloadObserver } from '../../../src/extensions/workload_observer/factory.ts';
import { isEnded } from '../../../src/pdata/point.ts';
import { cgroup } from '../../../src/receivers/cgroup/factory.ts';
import { createOwnMetrics } from '../../../src/service/telemetry.ts';
import { type FakeRoot, makeRoot } from '../../support/bundles.ts';

/** A row of the text: its metric, labels and value. */
export interface Row {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A cgroup receiver with an observer that may look at another root, and what both say. */
export interface Observed {
  /** One collection. */
  read(): Promise<Row[]>;
  /** Warnings and infos so far, each with its `path`, `id` or nothing. */
  readonly log: string[];
  /** The agent's own metric; 0 while it was not touched. */
  own(name: string): number;
  shutdown(): Promise<void>;
}

const ROW = /^([a-z_]+)\{(.*)\} (\S+)$/gm;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Runs both over their YAML sections with one clock. */
export async function runObserved(
  sections: { readonly receiver: string; readonly observer: string },
  now: () => number,
): Promise<Observed> {
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const say =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      const about = fields.path ?? fields.id ?? '';
      log.push(`${level}: ${message}${about === '' ? '' : ` (${about})`}`);
    };
  const logger = { debug() {}, info: say('info'), warn: say('warn'), error: say('error') };
  const telemetry = { logger, counter: metrics.counter, gauge: metrics.gauge };
  const settingsOf = (id: string) => ({ id: parseComponentId(id, ''), telemetry, now });
  const observer = workloadObserver.create(
    settingsOf('workload_observer'),
    decode(workloadObserver.config, confOf(parseYaml(sections.observer, 'test'))),
  );
  const store = createStore(metrics.counter('duplicates'));
  let generation = 0;
  let bad = 0;
  const receiver = cgroup.create(
    settingsOf('cgroup'),
    decode(cgroup.config, confOf(parseYaml(sections.receiver, 'test'))),
    {
      async consume(batch) {
        for (const point of batch.points) {
          if (isEnded(point)) continue;
          const { value } = point as { value?: number };
          if (!(value !== undefined && value >= 0 && value < Number.POSITIVE_INFINITY)) bad++;
        }
        store.accept(batch, generation);
      },
    },
  );
  const host: Host = {
    resource: { attributes: {} },
    extension: () => observer,
    collect: async () => {},
  };
  await receiver.start(host);
  return {
    log,
    own: (name) => (name === 'bad points' ? bad : (metrics.values()[`${name}{}`] ?? 0)),
    shutdown: () => receiver.shutdown(),
    async read() {
      generation++;
      await receiver.collectNow(performance.now() + 20_000);
      const options = { generation, timestamps: false };
      const chunks = await renderText(store.families(), options, createChunkPool());
      return parseRows(Buffer.concat(chunks).toString());
    },
  };
}

function parseRows(text: string): Row[] {
  return [...text.matchAll(ROW)].map(([, metric = '', labels = '', value]) => ({
    metric,
    labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, key, text]) => [key, text])),
    value: Number(value),
  }));
}

/** A v2 host of a test: a root with /proc and cgroups that can be added. */
export interface FakeHost extends FakeRoot {
  /** Makes a cgroup of processes `pids`; `files` replace or add to the usual ones. */
  cgroup(path: string, pids?: readonly number[], files?: Record<string, string>): void;
  /** Makes a cgroup with a process and CPU time alone, where many are made. */
  bareCgroup(path: string): void;
}

const MEMORY_KEYS = ['anon', 'file', 'inactive_file', 'active_file', 'pgfault', 'pgmajfault'];

/** Makes a host with an empty kubelet tree. */
export function makeHost(): FakeHost {
  const root = makeRoot();
  const options = 'rw - cgroup2 cgroup2 rw';
  root.write('proc/1/mountinfo', `29 24 0:25 / /sys/fs/cgroup ${options}\n`);
  root.write('proc/stat', 'cpu  1 2 3\ncpu0 1 2 3\nbtime 1700000000\n');
  root.write('proc/meminfo', 'MemTotal:       4000000 kB\nSwapTotal:      0 kB\n');
  const host: FakeHost = { ...root, cgroup: addCgroup, bareCgroup };
  for (const path of ['', '/kubepods.slice', '/kubepods.slice/kubepods-burstable.slice']) {
    addCgroup(path);
  }
  return host;

  function bareCgroup(path: string): void {
    root.write(`sys/fs/cgroup${path}/cgroup.events`, 'populated 1\n');
    root.write(`sys/fs/cgroup${path}/cpu.stat`, 'usage_usec 3000000\n');
  }

  function addCgroup(path: string, pids: readonly number[] = [], own = {}): void {
    const files: Record<string, string> = {
      'cgroup.procs': pids.map((pid) => `${pid}\n`).join(''),
      'cgroup.events': `populated ${path.includes('processless') ? 0 : 1}\nfrozen 0\n`,
      'cpu.stat': 'usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\n',
      'cpu.max': 'max 100000\n',
      'cpu.weight': '39\n',
      'memory.current': '2000000\n',
      'memory.max': 'max\n',
      'memory.stat': MEMORY_KEYS.map((key) => `${key} 1000\n`).join(''),
      'pids.current': `${pids.length}\n`,
      'pids.max': 'max\n',
      ...own,
    };
    for (const [name, content] of Object.entries(files)) {
      root.write(`sys/fs/cgroup${path}/${name}`, content);
    }
  }
}

/** The slice of a burstable pod and the scopes in it, under the systemd driver. */
export function podSlice(uid: string): string {
  const name = `kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`;
  return `/kubepods.slice/kubepods-burstable.slice/${name}`;
}
