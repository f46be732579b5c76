import type { Exporter, Host } from '../../component/component.ts';
import type { ExporterFactory, Settings } from '../../component/factory.ts';
import { type HttpServer, startHttpServer } from '../../helper/http-server/http-server.ts';
import { keepsLetters } from '../../helper/prometheus/names.ts';
import { createChunkPool } from './chunks.ts';
import { CONFIG, type Config } from './config.ts';
import { createExporterStore, strategyOf } from './exporter-store.ts';
import type { TextFormat } from './formats.ts';
import { METADATA } from './metadata.ts';
import { createScrapeHandle, type Rendering } from './scrapes.ts';
import { renderText } from './text.ts';

/** Makes prometheus exporters. */
export const prometheus: ExporterFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create: createPrometheusExporter,
};

/** A collection and the forms in which it was asked for. */
interface Collected {
  collectedAt: number;
  readonly generation: number;
  readonly renderings: Map<string, Rendering>;
}

function createPrometheusExporter(settings: Settings, config: Config): Exporter {
  const { telemetry, id } = settings;
  const store = createExporterStore(settings, config);
  const pool = createChunkPool();
  const enabled = {
    openMetrics: config.enable_open_metrics,
    utf8: keepsLetters(strategyOf(settings, config)),
  };
  let host: Host;
  let server: HttpServer | undefined;
  let generation = 0;
  let latest: Collected | undefined;
  const exporter: Exporter = { asks: config.collect_on_scrape, start, consume, shutdown };
  return exporter;

  async function start(service: Host): Promise<void> {
    host = service;
    server = await startHttpServer(config, {
      keyPath: `exporters::${id.text}`,
      host,
      telemetry,
      handle: createScrapeHandle(scrape, enabled),
    });
    telemetry.logger.info('Serving metrics', { url: `${server.url}/metrics` });
  }

  async function consume(batch: Parameters<Exporter['consume']>[0]): Promise<void> {
    store.accept(batch, generation);
    if (!batch.onDemand && latest !== undefined) latest.collectedAt = Number.NEGATIVE_INFINITY;
  }

  async function scrape(deadline: number, format: TextFormat): Promise<Rendering> {
    const now = performance.now();
    const known = latest;
    const isFresh = known !== undefined && now - known.collectedAt < config.max_age;
    const collected = isFresh ? known : await collect(now, deadline);
    const key = `${format.openMetrics} ${format.utf8}`;
    const rendering = collected.renderings.get(key) ?? (await render(collected, format));
    collected.renderings.set(key, rendering);
    rendering.readers++;
    if (!isFresh) replaceBy(collected);
    return rendering;
  }

  async function collect(now: number, deadline: number): Promise<Collected> {
    const mine = ++generation;
    if (config.collect_on_scrape) await host.collect(exporter, deadline);
    store.expire(performance.now() - config.metric_expiration);
    const shown = config.collect_on_scrape ? mine : 0;
    return { collectedAt: now, generation: shown, renderings: new Map() };
  }

  async function render(collected: Collected, format: TextFormat): Promise<Rendering> {
    const options = {
      ...format,
      generation: collected.generation,
      timestamps: config.send_timestamps,
    };
    return { chunks: await renderText(store.families(), options, pool), readers: 0 };
  }

  function replaceBy(collected: Collected): void {
    const unread = [...(latest?.renderings.values() ?? [])].filter(({ readers }) => readers === 0);
    latest = collected;
    pool.give(unread.flatMap(({ chunks }) => chunks));
  }

  async function shutdown(): Promise<void> {
    await server?.close();
    server = undefined;
  }
}
