import type { Exporter, Host } from '../../component/component.ts';
import type { ExporterFactory, Settings } from '../../component/factory.ts';
import { createRefusals } from '../../helper/exporter/refusals.ts';
import { isWorkloadObserver, type KnownWorkload } from '../../workload/observer.ts';
import { createCollections } from './collections.ts';
import { CONFIG, type Config } from './config.ts';
import { socketPathOf } from './endpoint.ts';
import { createHandlers } from './handlers.ts';
import { createHostView } from './host-view.ts';
import { takeInventory } from './inventory.ts';
import { METADATA } from './metadata.ts';
import { createPodMetrics } from './pod-metrics.ts';
import { type CriServer, startCriServer } from './server.ts';
import { createStore, type Store } from './store.ts';

/** Makes cri exporters. */
export const cri: ExporterFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createCriExporter,
};

function createCriExporter(settings: Settings, config: Config): Exporter {
  const { telemetry, id } = settings;
  const key = `exporters::${id.text}::endpoint`;
  const path = socketPathOf(config.endpoint, key);
  const metrics = createPodMetrics();
  const store = createBoundedStore();
  let host: Host;
  let known: () => Iterable<KnownWorkload> = () => [];
  let server: CriServer | undefined;
  const collections = createCollections({
    asks: config.collect_on_scrape,
    maxAgeMillis: config.max_age,
    collect: (deadline) => host.collect(exporter, deadline),
    expire: () => store.expire(performance.now() - config.metric_expiration),
  });
  const exporter: Exporter = { asks: config.collect_on_scrape, start, consume, shutdown };
  return exporter;

  async function start(service: Host): Promise<void> {
    host = service;
    const observer = host.extension(config.observer);
    if (isWorkloadObserver(observer)) known = observer.known;
    else telemetry.logger.warn('No workload_observer is configured: there are no pods to serve');
    server = await startCriServer({
      ...{ path, key, logger: telemetry.logger },
      maxConnections: config.max_connections,
      maxConcurrentRequests: config.max_concurrent_requests,
      maxMessageBytes: config.max_message_size,
      handlers: createHandlers({
        ...{ collections, metrics },
        version: host.version || 'unknown',
        host: createHostView(config.root_path),
        inventory: ({ generation }) => takeInventory(store.usages, known(), generation),
      }),
    });
    telemetry.logger.info('Serving the CRI', { endpoint: config.endpoint });
  }

  async function consume(batch: Parameters<Exporter['consume']>[0]): Promise<void> {
    store.accept(batch, collections.current);
  }

  async function shutdown(): Promise<void> {
    await server?.close();
    server = undefined;
  }

  function createBoundedStore(): Store {
    const refused = createRefusals(settings);
    return createStore({
      maxSeries: config.max_series,
      duplicates: telemetry.counter('sandgauge_exporter_duplicate_points', { exporter: id.text }),
      overflow: refused('max_series'),
      deltas: refused('delta'),
      added: metrics.learn,
    });
  }
}
