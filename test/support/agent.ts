import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running agent. */
export interface Agent {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it logged so far. */
  log(): string;
  scrape(headers?: Record<string, string>): Promise<string>;
  stop(): Promise<number | null>;
}

/** The Node that npm scripts run. */
export const NODE = process.execPath;
/** The bundle that `npm run build` makes. */
export const BUNDLE = 'dist/sandgauge.cjs';

const { SANDGAUGE_BINARY } = process.env;
/** What is tested: the bundle, or the standalone binary that SANDGAUGE_BINARY names. */
const [PROGRAM, ...FIRST_ARGS] = SANDGAUGE_BINARY ? [SANDGAUGE_BINARY] : [NODE, BUNDLE];
/** The same for a guest: host paths by path in the guest, and the command there. */
export const GUEST_AGENT = SANDGAUGE_BINARY
  ? { files: { '/sandgauge': SANDGAUGE_BINARY }, command: '/sandgauge' }
  : { files: { '/node': NODE, '/agent.cjs': BUNDLE }, command: '/node /agent.cjs' };

/** A port on localhost that nothing listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts the agent and waits until it is ready; with `listens` on a free port, else `url` is ''. */
export async function startAgent(args: readonly string[] = [], listens = true): Promise<Agent> {
  const port = await freePort();
  const listen = listens ? ['--set', `exporters.prometheus.endpoint=127.0.0.1:${port}`] : [];
  const child = spawn(PROGRAM, [...FIRST_ARGS, ...args, ...listen], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  // A test that fails half-way leaves no agent behind: vitest ends its workers by SIGTERM.
  const end = () => {
    child.kill('SIGKILL');
    process.kill(process.pid, 'SIGTERM');
  };
  process.once('SIGTERM', end);
  child.once('exit', () => process.off('SIGTERM', end));
  const url = listens ? `http://127.0.0.1:${port}/metrics` : '';
  for (let tries = 0; !log.includes('Everything is ready'); tries++) {
    if (tries > 300 || child.exitCode !== null) throw new Error(`the agent did not start:\n${log}`);
    await sleep(100);
  }
  return {
    url,
    process: child,
    log: () => log,
    scrape: async (headers = {}) => (await fetch(url, { headers })).text(),
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

/** Runs the agent to its end. */
export function runAgent(args: readonly string[]): { status: number; output: string } {
  try {
    const output = execFileSync(PROGRAM, [...FIRST_ARGS, ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return { status: 0, output };
  } catch (error) {
    const failed = error as { status: number; stdout: string; stderr: string };
    return { status: failed.status, output: failed.stdout + failed.stderr };
  }
}

/** Values of one metric by its label text: `name{labels} value` rows of text format 0.0.4. */
export function rowsOf(text: string, name: string): Map<string, number> {
  const rows = [...text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)( \\d+)?$`, 'gm'))];
  return new Map(rows.map(([, labels, value]) => [labels ?? '', Number(value)]));
}

/** The value of the row of one cgroup; undefined when there is none. */
export function valueFor(text: string, name: string, id: string): number | undefined {
  return [...rowsOf(text, name)].find(([labels]) => labels.includes(`id="${id}"`))?.[1];
}

/** One row of text format 0.0.4. */
export interface SampleRow {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All rows of a text. */
export function parseRows(text: string): SampleRow[] {
  return [...text.matchAll(/^([a-z_]+)\{(.*)\} (\S+)(?: \d+)?$/gm)].map(
    ([, name = '', labels = '', value]) => ({
      name,
      labels: Object.fromEntries(
        [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]),
      ),
      value: Number(value),
    }),
  );
}
