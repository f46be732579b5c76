import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './agent.ts';
import { findPeer } from './peers.ts';

/** One element of an instant vector. */
interface Sample {
  readonly metric: Record<string, string>;
  readonly value: number;
}

/** A real Prometheus; a target alone is scraped every two seconds. */
export interface Prometheus {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  query(promql: string): Promise<Sample[]>;
  stop(): Promise<void>;
}

/**
 * Starts Debian's prometheus with its data in a temporary folder, for one target (host:port) or by
 * the text of a configuration, with these flags.
 */
export async function startPrometheus(
  targetOrConfig: string,
  ...flags: string[]
): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-prometheus-'));
  const port = await freePort();
  const config = targetOrConfig.includes('\n') ? targetOrConfig : configOf(targetOrConfig);
  writeFileSync(join(folder, 'prometheus.yml'), config);
  const child = spawn(
    findPeer('prometheus') ?? 'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...flags,
    ],
    { stdio: 'ignore' },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await isReady(`${base}/-/ready`)); tries++) {
    if (tries > 100) throw new Error('prometheus did not become ready');
    await sleep(100);
  }
  return {
    url: base,
    query: (promql) => queryInstant(base, promql),
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asks for an instant vector over the HTTP API, of Prometheus or of one that has it too. */
export async function queryInstant(url: string, promql: string): Promise<Sample[]> {
  const reply = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(promql)}`);
  const { data } = (await reply.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

function configOf(target: string): string {
  return JSON.stringify({
    global: { scrape_interval: '2s', scrape_timeout: '2s' },
    scrape_configs: [{ job_name: 'sandgauge', static_configs: [{ targets: [target] }] }],
  });
}

async function isReady(url: string): Promise<boolean> {
  return fetch(url).then(
    (reply) => reply.ok,
    () => false,
  );
}

/** `promtool check metrics` on a text: its exit status and the lints that it printed. */
export function checkMetrics(text: string): { status: number | null; lints: string[] } {
  const result = spawnSync(findPeer('promtool') ?? 'promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  return { status: result.status, lints: result.stderr.split('\n').filter(Boolean) };
}
