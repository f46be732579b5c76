import { spawn } from 'node:child_process';
import { build } from '../peers.ts';

/** What a run of crictl gave. */
export interface CrictlRun {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** The JSON of crictl: 64-bit numbers are texts. */
interface Wrapped {
  readonly value: string;
}
/** CPU of a container or pod. */
export interface CpuJson {
  readonly timestamp: string;
  readonly usageCoreNanoSeconds: Wrapped;
  readonly usageNanoCores: Wrapped | null;
}
/** A container of `stats`. */
export interface StatsJson {
  readonly attributes: { readonly id: string; readonly metadata: { readonly name: string } };
  readonly cpu: CpuJson | null;
  readonly memory: Readonly<Record<string, Wrapped | null>> | null;
}
/** A pod of `statsp`. */
export interface PodStatsJson {
  readonly attributes: { readonly id: string; readonly metadata: Readonly<Record<string, string>> };
  readonly linux: {
    readonly cpu: CpuJson;
    readonly memory: Readonly<Record<string, Wrapped | null>>;
    readonly network: {
      readonly defaultInterface: { readonly name: string; readonly rxBytes: Wrapped } | null;
      readonly interfaces: readonly { readonly name: string }[];
    };
    readonly process: { readonly processCount: Wrapped } | null;
    readonly containers: readonly StatsJson[];
  };
}

/** A row of `metricsp`. */
export interface MetricJson {
  readonly name: string;
  readonly labelValues: readonly string[];
  readonly value: Wrapped;
}

/** The path of the program: built once, from the Go module proxy. */
export function buildCrictl(): string {
  return build('cri/build-crictl.sh');
}

/** Asks the CRI on a socket; it may be this process that answers. */
export function runCrictl(
  program: string,
  socket: string,
  args: readonly string[],
): Promise<CrictlRun> {
  const where = ['--timeout', '20s', '--runtime-endpoint', `unix://${socket}`];
  const child = spawn(program, [...where, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { output: '', errors: '' };
  child.stdout.on('data', (chunk) => {
    texts.output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    texts.errors += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...texts }));
  });
}
