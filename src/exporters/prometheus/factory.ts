import type { Exporter, Host } from '../../component/component.ts';
import type { ExporterFactory, Settings } from '../../component/factory.ts';
import { createChunkPool } from './chunks.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { listen, type Rendering, type ScrapeServer } from './server.ts';
import { createStore } from './store.ts';
import { renderText } from './text.ts';

/** Makes prometheus exporters. */
export const prometheus: ExporterFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createPrometheusExporter,
};

interface Cached extends Rendering {
  collectedAt: number;
}

function createPrometheusExporter(settings: Settings, config: Config): Exporter {
  const { telemetry, id } = settings;
  const labels = { exporter: id.text };
  const duplicates = telemetry.counter('sandgauge_exporter_duplicate_points', labels);
  const store = createStore(duplicates);
  const pool = createChunkPool();
  let host: Host;
  let server: ScrapeServer | undefined;
  let generation = 0;
  let cached: Cached | undefined;
  const exporter: Exporter = { asks: config.collect_on_scrape, start, consume, shutdown };
  return exporter;

  async function start(service: Host): Promise<void> {
    host = service;
    server = await listen(config.endpoint, `exporters::${id.text}::endpoint`, scrape);
    const { host: address, port } = config.endpoint;
    telemetry.logger.info('Serving metrics', { url: `http://${address}:${port}/metrics` });
  }

  async function consume(batch: Parameters<Exporter['consume']>[0]): Promise<void> {
    store.accept(batch, generation);
    if (!batch.onDemand && cached !== undefined) cached.collectedAt = Number.NEGATIVE_INFINITY;
  }

  async function scrape(deadline: number): Promise<Rendering> {
    const now = performance.now();
    if (cached !== undefined && now - cached.collectedAt < config.max_age) {
      cached.readers++;
      return cached;
    }
    const mine = ++generation;
    if (config.collect_on_scrape) await host.collect(exporter, deadline);
    store.expire(performance.now() - config.metric_expiration);
    const options = {
      generation: config.collect_on_scrape ? mine : 0,
      timestamps: config.send_timestamps,
    };
    const chunks = await renderText(store.families(), options, pool);
    const previous = cached;
    cached = { chunks, readers: 1, collectedAt: now };
    if (previous?.readers === 0) pool.give(previous.chunks);
    return cached;
  }

  async function shutdown(): Promise<void> {
    await server?.close();
    server = undefined;
  }
}
