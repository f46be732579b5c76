import type {
  Component,
  Consumer,
  Exporter,
  Extension,
  Host,
  Layout,
  Processor,
  Receiver,
} from '../component/component.ts';
import type { Registry, Settings } from '../component/factory.ts';
import type { Telemetry } from '../component/telemetry.ts';
import type { Conf } from '../confmap/conf.ts';
import { isInTime } from '../helper/in-time.ts';
import type { Resource } from '../pdata/series.ts';
import { decodeService, fault, type ServiceConfig } from './config.ts';
import { counted, countedItems, fanOut } from './edges.ts';
import { createHealthMonitor } from './health.ts';
import { resolveComponent } from './registry.ts';

/** The components of a configuration, wired. */
export interface Graph {
  readonly host: Host;
  /** Extensions, exporters, processors, receivers: each can use those before it. */
  readonly startOrder: readonly NamedComponent[];
}

/** A component with its id, for messages. */
export interface NamedComponent {
  readonly id: string;
  readonly component: Component;
}

interface BuiltPipeline {
  readonly name: string;
  readonly receivers: readonly string[];
  readonly processors: readonly (NamedComponent & { readonly component: Processor })[];
  readonly exporters: readonly string[];
  readonly head: Consumer;
}

/** What a graph is made from. */
export interface GraphSettings {
  readonly registry: Registry;
  readonly telemetry: Telemetry;
  readonly resource: Resource;
  /** The version of the agent. */
  readonly version?: string;
  readonly now: () => number;
}

/** Builds and wires everything that the pipelines name. Throws ConfigError; starts nothing. */
export function buildGraph(conf: Conf, settings: GraphSettings): Graph {
  const { registry, telemetry, now } = settings;
  const config = decodeService(conf);
  const health = createHealthMonitor(now);
  const pipelines = Object.entries(config.service.pipelines);
  const used = (section: 'receivers' | 'exporters') =>
    new Set(pipelines.flatMap(([, pipeline]) => pipeline[section]));

  const extensions = makeEach(config.service.extensions, (id) => {
    const found = resolveComponent(registry, conf, 'extensions', id);
    return found.factory.create(settingsOf(found), found.config);
  });
  const exporters = makeEach(used('exporters'), (id) => {
    const found = resolveComponent(registry, conf, 'exporters', id);
    return found.factory.create(settingsOf(found), found.config);
  });
  const built = pipelines.map(([name, pipeline]) => buildPipeline(name, pipeline));
  const receivers = makeEach(used('receivers'), (id) => {
    const found = resolveComponent(registry, conf, 'receivers', id);
    const heads = built.filter((pipeline) => pipeline.receivers.includes(id));
    const next = counted(fanOut(heads.map(({ head }) => head)), telemetry, 'receiver', id);
    return found.factory.create(settingsOf(found), found.config, next);
  });
  checkAskers(conf, receivers, exporters, built);
  return {
    host: {
      ...{ resource: settings.resource, version: settings.version ?? '' },
      ...{ extension: findExtension, collect, health: health.read, layout },
    },
    startOrder: health.watch([
      ...named(extensions),
      ...named(exporters),
      ...built.flatMap(({ processors }) => processors),
      ...named(receivers),
    ]),
  };

  function settingsOf({ id }: { id: Settings['id'] }): Settings {
    return { id, telemetry, now };
  }

  function buildPipeline(
    name: string,
    pipeline: ServiceConfig['service']['pipelines'][string],
  ): BuiltPipeline {
    const ends = pipeline.exporters.map((id) => {
      const exporter = exporters.get(id) as Exporter;
      if (exporter.countsSent) return exporter;
      const settled = (error?: unknown) => health.exported(id, error);
      return counted(exporter, telemetry, 'exporter', id, settled);
    });
    let head: Consumer = fanOut(ends);
    const processors: BuiltPipeline['processors'][number][] = [];
    for (const id of [...pipeline.processors].reverse()) {
      const found = resolveComponent(registry, conf, 'processors', id);
      const out = countedItems(head, telemetry, 'outgoing', id);
      const processor = found.factory.create(settingsOf(found), found.config, out);
      if (processor.waitsForReader && !pipeline.exporters.some((to) => exporters.get(to)?.asks)) {
        throw fault(
          conf,
          ['processors', id],
          'hands on only when read, but no exporter of its pipeline has collect_on_scrape: true',
        );
      }
      processors.unshift({ id, component: processor });
      head = countedItems(processor, telemetry, 'incoming', id);
    }
    return { ...pipeline, name, processors, head };
  }

  function layout(): Layout {
    const statesOf = (ids: Iterable<string>, components: ReadonlyMap<string, Component>) =>
      Array.from(ids, (id) => health.stateOf(id, components.get(id) as Component));
    return {
      extensions: statesOf(extensions.keys(), extensions),
      pipelines: built.map((pipeline) => ({
        name: pipeline.name,
        receivers: statesOf(pipeline.receivers, receivers),
        processors: pipeline.processors.map(({ id, component }) => health.stateOf(id, component)),
        exporters: statesOf(pipeline.exporters, exporters),
      })),
    };
  }

  function findExtension(typeOrId: string, match?: 'exact'): Extension | undefined {
    const exact = extensions.get(typeOrId);
    if (exact !== undefined || match === 'exact') return exact;
    const ofType = [...extensions].filter(([id]) => id.split('/')[0] === typeOrId);
    return ofType.length === 1 ? ofType[0]?.[1] : undefined;
  }

  async function collect(exporter: Exporter, deadline: number): Promise<void> {
    const upstream = built.filter((pipeline) =>
      pipeline.exporters.some((id) => exporters.get(id) === exporter),
    );
    const sources = new Set(upstream.flatMap((pipeline) => pipeline.receivers));
    const asked = [...sources].map((id) => receivers.get(id) as Receiver);
    const onDemand = asked.filter((receiver) => receiver.onDemand);
    // A receiver counts and says its own failures: here it is only left out.
    await Promise.allSettled(onDemand.map((receiver) => receiver.collectNow(deadline)));
    // What an exporter beside holds up is handed on later; the one that asks shows what it has.
    await isInTime(flush(upstream), deadline);
  }
}

async function flush(pipelines: readonly BuiltPipeline[]): Promise<void> {
  for (const { processors } of pipelines) {
    for (const { component } of processors) await component.flush();
  }
}

function makeEach<T>(ids: Iterable<string>, make: (id: string) => T): Map<string, T> {
  return new Map([...ids].map((id) => [id, make(id)]));
}

function named(components: ReadonlyMap<string, Component>): NamedComponent[] {
  return [...components].map(([id, component]) => ({ id, component }));
}

/** A receiver that reads only if asked needs an exporter that asks. */
function checkAskers(
  conf: Conf,
  receivers: ReadonlyMap<string, Receiver>,
  exporters: ReadonlyMap<string, Exporter>,
  pipelines: readonly BuiltPipeline[],
): void {
  for (const [id, receiver] of receivers) {
    const reached = pipelines.filter((pipeline) => pipeline.receivers.includes(id));
    const asks = reached.some(({ exporters: ids }) => ids.some((to) => exporters.get(to)?.asks));
    if (!receiver.onDemand || asks) continue;
    throw fault(
      conf,
      ['receivers', id, 'collection_interval'],
      '0s reads on demand only, but no exporter of its pipelines has collect_on_scrape: true; set an interval such as 10s',
    );
  }
}
