import { hostname } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import type { Logger } from '../component/telemetry.ts';
import type { Conf } from '../confmap/conf.ts';
import { version } from '../distribution/assets.ts';
import { COMPONENTS } from '../distribution/components.ts';
import { startAgent } from '../service/agent.ts';
import { decodeService } from '../service/config.ts';
import { buildGraph, type Graph } from '../service/graph.ts';
import { createReaders } from '../service/telemetry/readers.ts';
import { createLogger, createOwnMetrics, createTelemetry } from '../service/telemetry.ts';
import { watchConfig } from './config-watch.ts';

/** Builds everything that a configuration asks for and starts nothing. Throws ConfigError. */
export function buildFrom(
  conf: Conf,
  metrics = createOwnMetrics(),
): { graph: Graph; logger: Logger } {
  const config = decodeService(conf).service.telemetry;
  const logger = createLogger(config.logs.level, config.logs);
  const telemetry = createTelemetry(logger, metrics);
  const readers = createReaders(config, { metrics, telemetry, version: version() });
  const graph = buildGraph(conf, {
    registry: COMPONENTS,
    telemetry,
    resource: Object.freeze({ attributes: Object.freeze({ 'host.name': hostname() }) }),
    version: version(),
    now: Date.now,
  });
  const startOrder = [{ id: 'service::telemetry', component: readers }, ...graph.startOrder];
  return { graph: { ...graph, startOrder }, logger };
}

/**
 * Runs the agent until it is told to stop. SIGHUP, and a change of a `watched` file, reload. Rejects
 * when it cannot start.
 */
export async function runAgent(load: () => Conf, watched: readonly string[] = []): Promise<void> {
  // Most garbage is a pass old, so promoted: V8 would let it grow. Set here, since at the start of the
  // process it makes V8 refuse the code cache that is part of Node.
  setFlagsFromString('--optimize-for-size');
  const metrics = createOwnMetrics();
  const signals = createSignals();
  let logger: Logger | undefined;
  const build = (conf: Conf) => {
    const built = buildFrom(conf, metrics);
    if (logger === undefined) built.logger.info('Starting sandgauge...', { version: version() });
    ({ logger } = built);
    return built;
  };
  const agent = await startAgent({ load, build });
  logger?.info('Everything is ready. Begin running and processing data.');
  signals.onHangUp(() => void agent.reload());
  const unwatch = watchConfig(watched, () => void agent.reload());
  const signal = await signals.stopped;
  unwatch();
  logger?.info('Starting shutdown...', { signal });
  await agent.shutdown();
  logger?.info('Shutdown complete.');
}

/** Listens from the first moment on: a signal that comes during the start waits for its end. */
function createSignals() {
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolve);
  });
  let isPending = false;
  let hangUp = () => {
    isPending = true;
  };
  process.on('SIGHUP', () => hangUp());
  return {
    stopped,
    onHangUp(reload: () => void) {
      hangUp = reload;
      if (isPending) reload();
    },
  };
}
