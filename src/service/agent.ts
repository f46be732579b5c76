import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../component/telemetry.ts';
import type { Conf } from '../confmap/conf.ts';
import { createTurns } from '../helper/in-turn.ts';
import { differences } from './differences.ts';
import type { Graph } from './graph.ts';
import { type Service, startService } from './service.ts';

/** A running agent whose configuration can be changed. Reloads and the shutdown wait for each other. */
export interface Agent {
  /**
   * Loads the configuration anew and runs it. One that cannot be used is said and changes nothing;
   * where it cannot be started the old one is started again. Never rejects.
   */
  reload(): Promise<void>;
  shutdown(): Promise<void>;
}

/** What a configuration is turned into. */
interface Built {
  readonly graph: Graph;
  readonly logger: Logger;
}

/** How an agent comes by its configuration. Both throw a ConfigError. */
export interface AgentOptions {
  load(): Conf;
  /** Builds and validates everything; starts nothing. */
  build(conf: Conf): Built;
}

interface Running extends Built {
  readonly conf: Conf;
  readonly service: Service;
}

const RETRY_MILLIS = 5000;

/** Starts the first configuration; rejects when that cannot be done. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const stopping = new AbortController();
  let running: Running | undefined = await run(options.load());
  const inTurn = createTurns();
  return { reload: () => inTurn(reload), shutdown };

  async function run(conf: Conf, built = options.build(conf)): Promise<Running> {
    return { ...built, conf, service: await startService(built.graph, built.logger) };
  }

  async function shutdown(): Promise<void> {
    stopping.abort();
    await inTurn(async () => {
      await running?.service.shutdown();
      running = undefined;
    });
  }

  async function reload(): Promise<void> {
    if (running === undefined || stopping.signal.aborted) return;
    const old = running;
    let conf: Conf;
    let built: Built;
    try {
      conf = options.load();
      built = options.build(conf);
    } catch (error) {
      const why = (error as Error).message;
      old.logger.error('Configuration cannot be used, the old one stays', { error: why });
      return;
    }
    const changed = differences(old.conf.value, conf.value);
    if (changed.length === 0) {
      old.logger.info('Configuration has not changed, nothing to do');
      return;
    }
    old.logger.info('Configuration has changed, restarting', { changed });
    await old.service.shutdown();
    running = undefined;
    try {
      running = await run(conf, built);
      running.logger.info('Everything is ready. Begin running and processing data.');
    } catch (error) {
      const why = (error as Error).message;
      old.logger.error('Configuration cannot be started, going back to the old one', {
        error: why,
      });
      running = await goBack(old);
    }
  }

  /** What the old configuration needs may be taken for a moment, such as a port. */
  async function goBack({ conf, logger }: Running): Promise<Running | undefined> {
    while (!stopping.signal.aborted) {
      try {
        const again = await run(conf);
        logger.info('The old configuration runs again');
        return again;
      } catch (error) {
        const why = (error as Error).message;
        logger.error('The old configuration cannot be started, trying again', { error: why });
        await sleep(RETRY_MILLIS, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    return undefined;
  }
}
