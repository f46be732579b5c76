import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../agent.ts';
import { findPeer } from '../peers.ts';
import { queryInstant, startPrometheus } from '../prometheus.ts';

/** A real program that takes remote write and answers PromQL. */
interface WritePeer {
  readonly name: string;
  readonly path: string | undefined;
  /** How far a value may be off, in parts of it: VictoriaMetrics keeps decimals. */
  readonly tolerance: number;
  /** Starts one on a free port of localhost. */
  start(): Promise<{ readonly url: string; stop(): Promise<void> }>;
}

/** The raw samples of a series. */
interface RawSeries {
  readonly metric: Readonly<Record<string, string>>;
  /** Pairs of ms since the epoch and value. */
  readonly values: readonly (readonly [number, number])[];
}

/** Those that Debian has. */
export const WRITE_PEERS: readonly WritePeer[] = [
  {
    name: 'Prometheus',
    path: findPeer('prometheus'),
    tolerance: 0,
    start: () => startPrometheus('global: {}\n', '--web.enable-remote-write-receiver'),
  },
  {
    name: 'VictoriaMetrics',
    path: findPeer('victoria-metrics'),
    tolerance: 1e-12,
    start: startVictoriaMetrics,
  },
];

async function startVictoriaMetrics() {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-victoria-'));
  const port = await freePort();
  const child = spawn(
    findPeer('victoria-metrics') ?? 'victoria-metrics',
    [
      `-storageDataPath=${folder}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-search.latencyOffset=0s',
      '-search.disableCache',
    ],
    { stdio: 'ignore' },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await isReady(`${url}/health`)); tries++) {
    if (tries > 100) throw new Error('victoria-metrics did not become ready');
    await sleep(100);
  }
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(url).then(
    (reply) => reply.ok,
    () => false,
  );
}

/** The raw samples of what a range selector such as `{a="b"}[1m]` selects. */
export async function queryRaw(url: string, selector: string): Promise<RawSeries[]> {
  const reply = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(selector)}`);
  const { data } = (await reply.json()) as {
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
  };
  return data.result.map(({ metric, values }) => ({
    metric,
    values: values.map(([seconds, value]) => [Math.round(seconds * 1000), Number(value)] as const),
  }));
}

/** The values of an instant vector. */
export async function queryValues(url: string, promql: string): Promise<number[]> {
  return (await queryInstant(url, promql)).map(({ value }) => value);
}
