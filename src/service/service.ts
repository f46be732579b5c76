import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../component/telemetry.ts';
import type { Graph, NamedComponent } from './graph.ts';

/** A running graph. */
export interface Service {
  /** Stops receivers first, so that what they gave is still exported; takes at most 10 s. */
  shutdown(): Promise<void>;
}

const SHUTDOWN_MILLIS = 10_000;

/** Starts a graph in order. When a component fails to start, those before it are stopped. */
export async function startService(graph: Graph, logger: Logger): Promise<Service> {
  const started: NamedComponent[] = [];
  try {
    for (const each of graph.startOrder) {
      await each.component.start(graph.host);
      started.push(each);
    }
  } catch (error) {
    await stopAll(started, logger);
    throw error;
  }
  return { shutdown: () => stopAll(started, logger) };
}

async function stopAll(started: NamedComponent[], logger: Logger): Promise<void> {
  const end = new AbortController();
  const bound = sleep(SHUTDOWN_MILLIS, 'late', { signal: end.signal }).catch(() => 'done');
  const stopping = stopEach(started, logger);
  if ((await Promise.race([stopping, bound])) === 'late') {
    logger.error('Components did not stop in time', { ids: started.map(({ id }) => id) });
  }
  end.abort();
}

async function stopEach(started: NamedComponent[], logger: Logger): Promise<void> {
  for (let each = started.pop(); each !== undefined; each = started.pop()) {
    try {
      await each.component.shutdown();
    } catch (error) {
      logger.error('Component did not stop cleanly', { id: each.id, error: String(error) });
    }
  }
}
