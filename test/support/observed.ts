import type { Extension, Host } from '../../src/component/component.ts';
import type { ReceiverFactory } from '../../src/component/factory.ts';
import { parseComponentId } from '../../src/component/id.ts';
import { decode } from '../../src/confmap/decode.ts';
import { confOf, parseYaml } from '../../src/confmap/document.ts';
import { createChunkPool } from '../../src/exporters/prometheus/chunks.ts';
import { createStore } from '../../src/exporters/prometheus/store.ts';
import { renderText } from '../../src/exporters/prometheus/text.ts';
import { workloadObserver } from '../../src/extensions/workload_observer/factory.ts';
import { isEnded, type Point } from '../../src/pdata/point.ts';
import { cgroup } from '../../src/receivers/cgroup/factory.ts';
import { createOwnMetrics } from '../../src/service/telemetry.ts';

/** A row of the text: its metric, labels and value. */
export interface Row {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A receiver with an observer that may look at another root, and what both say. */
export interface Observed {
  /** One collection. */
  read(): Promise<Row[]>;
  /** One collection as exposition text. */
  readText(): Promise<string>;
  /** What the last collection gave. */
  readonly points: readonly Point[];
  /** Warnings and infos so far, each with its `path`, `id` or nothing. */
  readonly log: string[];
  /** The agent's own metric; 0 while it was not touched. */
  own(name: string, labels?: Record<string, string>): number;
  shutdown(): Promise<void>;
}

const ROW = /^([a-z_]+)\{(.*)\} (\S+)$/gm;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Runs both over their YAML sections with one clock. */
export async function runObserved(
  sections: {
    /** The cgroup receiver without. */
    readonly factory?: ReceiverFactory;
    readonly receiver: string;
    readonly observer: string;
    /** Found under the id `file_storage`. */
    readonly storage?: Extension;
  },
  now: () => number,
): Promise<Observed> {
  const metrics = createOwnMetrics();
  const log: string[] = [];
  const say =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      const about = fields.path ?? fields.sandbox ?? fields.id ?? '';
      const why = fields.sandbox === undefined ? '' : `: ${fields.error}`;
      log.push(`${level}: ${message}${about === '' ? '' : ` (${about})`}${why}`);
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
  let points: readonly Point[] = [];
  const times = new WeakMap<object, number>();
  const factory: ReceiverFactory = sections.factory ?? cgroup;
  const receiver = factory.create(
    settingsOf(factory.metadata.type),
    decode(factory.config, confOf(parseYaml(sections.receiver, 'test'))),
    {
      async consume(batch) {
        points = batch.points;
        for (const point of batch.points) {
          if (isEnded(point)) continue;
          const { value, series, time } = point as { value?: number } & typeof point;
          if (!(value !== undefined && value >= 0 && value < Number.POSITIVE_INFINITY)) bad++;
          if (time < (times.get(series) ?? 0)) bad++;
          times.set(series, time);
        }
        store.accept(batch, generation);
      },
    },
  );
  const host: Host = {
    resource: { attributes: {} },
    extension: (id) => (id === 'file_storage' ? sections.storage : observer),
    collect: async () => {},
    health: () => ({ phase: 'running', upSince: 0, components: [] }),
  };
  await receiver.start(host);
  return {
    log,
    get points() {
      return points;
    },
    own(name, labels = {}) {
      const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return name === 'bad points' ? bad : (metrics.values()[`${name}{${pairs.join(',')}}`] ?? 0);
    },
    shutdown: () => receiver.shutdown(),
    readText,
    read: async () => parseRows(await readText()),
  };

  async function readText(): Promise<string> {
    generation++;
    await receiver.collectNow(performance.now() + 20_000);
    const options = { generation, timestamps: false };
    const chunks = await renderText(store.families(), options, createChunkPool());
    return Buffer.concat(chunks).toString();
  }
}

function parseRows(text: string): Row[] {
  return [...text.matchAll(ROW)].map(([, metric = '', labels = '', value]) => ({
    metric,
    labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, key, text]) => [key, text])),
    value: Number(value),
  }));
}
