import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Agent, startAgent } from '../support/agent.ts';

/** What an agent holds at one moment. */
export interface Holding {
  readonly heapBytes: number;
  readonly descriptors: number;
  readonly watches: number;
  readonly series: number;
}

/** An agent that is scraped all the time and can be looked into. */
export interface WatchedAgent extends Agent {
  /** Collections so far, each checked to be whole. */
  readonly scrapes: number;
  /** After garbage collection. */
  measure(): Promise<Holding>;
}

const PRELOAD = join(import.meta.dirname, 'measure.cjs');
const PAUSE_MILLIS = 100;

/** Starts the bundle and scrapes it until it is stopped. */
export async function startWatched(args: readonly string[]): Promise<WatchedAgent> {
  const { NODE_OPTIONS: before = '' } = process.env;
  process.env.NODE_OPTIONS = `${before} --require=${PRELOAD}`;
  const agent = await startAgent(args);
  process.env.NODE_OPTIONS = before;
  let scrapes = 0;
  let isStopped = false;
  let fault: unknown;
  const loop = scrapeOn().catch((error) => {
    fault = error;
  });
  return {
    ...agent,
    get scrapes() {
      return scrapes;
    },
    measure,
    async stop() {
      isStopped = true;
      await loop;
      const code = await agent.stop();
      if (fault !== undefined) throw fault;
      return code;
    },
  };

  async function scrapeOn(): Promise<void> {
    while (!isStopped) {
      const response = await fetch(agent.url);
      const text = await response.text();
      if (!response.ok || !text.endsWith('\n')) throw new Error(`scrape ${scrapes} is not whole`);
      scrapes++;
      await sleep(PAUSE_MILLIS);
    }
  }

  async function measure(): Promise<Holding> {
    const text = await agent.scrape();
    const seen = agent.log().split('MEASURED').length;
    agent.process.kill('SIGUSR2');
    for (let tries = 0; agent.log().split('MEASURED').length === seen; tries++) {
      if (tries > 200) throw new Error('the agent does not answer');
      await sleep(25);
    }
    const { heapUsed, external } = JSON.parse(agent.log().split('MEASURED ').at(-1) ?? '');
    const proc = `/proc/${agent.process.pid}`;
    const infos = readdirSync(`${proc}/fdinfo`).map((fd) => read(`${proc}/fdinfo/${fd}`));
    return {
      heapBytes: heapUsed + external,
      descriptors: infos.length,
      watches: infos.join('').match(/^inotify wd:/gm)?.length ?? 0,
      series: text.match(/^[a-z_]+[{ ]/gm)?.length ?? 0,
    };
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
