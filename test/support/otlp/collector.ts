import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../agent.ts';
import { build } from '../peers.ts';

/**
 * A real OpenTelemetry Collector with otlp in, and debug, file and prometheus out; of authenticators
 * it has bearertokenauth.
 */
export interface Collector {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** What its prometheus exporter serves. */
  scrape(): Promise<string>;
  /** Requests that its file exporter wrote, as OTLP JSON. */
  written(): object[];
  log(): string;
  stop(): Promise<void>;
}

/** The path of the program: built once, by its own builder. */
export function buildCollector(): string {
  return build('otlp/build-collector.sh');
}

/** Starts it; `tls` is the `tls` section of its receivers, `bearer` what they ask for. */
export async function startCollector(
  program: string,
  tls?: object,
  bearer?: { readonly scheme: string; readonly token: string },
): Promise<Collector> {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-collector-'));
  const [grpcPort, httpPort, prometheusPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const file = join(folder, 'metrics.json');
  const auth = { authenticator: 'bearertokenauth' };
  const listener = { ...(tls && { tls }), ...(bearer && { auth }) };
  const config = {
    receivers: {
      otlp: {
        protocols: {
          grpc: { endpoint: `127.0.0.1:${grpcPort}`, ...listener },
          http: { endpoint: `127.0.0.1:${httpPort}`, ...listener },
        },
      },
    },
    ...(bearer && { extensions: { bearertokenauth: bearer } }),
    exporters: {
      debug: {},
      file: { path: file },
      prometheus: { endpoint: `127.0.0.1:${prometheusPort}`, send_timestamps: false },
    },
    service: {
      telemetry: { metrics: { level: 'none' } },
      ...(bearer && { extensions: ['bearertokenauth'] }),
      pipelines: { metrics: { receivers: ['otlp'], exporters: ['debug', 'file', 'prometheus'] } },
    },
  };
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config));
  const child = spawn(program, ['--config', join(folder, 'config.yaml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  for (let tries = 0; !log.includes('Everything is ready'); tries++) {
    if (tries > 200 || child.exitCode !== null) throw new Error(`no Collector:\n${log}`);
    await sleep(100);
  }
  return {
    ...{ grpcPort, httpPort, log: () => log },
    scrape: async () => (await fetch(`http://127.0.0.1:${prometheusPort}/metrics`)).text(),
    written: () =>
      existsSync(file)
        ? readFileSync(file, 'utf8')
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line))
        : [],
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
