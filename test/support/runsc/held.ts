import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type SandboxDouble, startDouble } from './double.ts';

/** What each of two containers was told to have used meanwhile, and what the host gave, in s. */
export interface Turn {
  readonly a: number;
  readonly b: number;
  readonly host: number;
}

/** The first is not held, the second is: totals tell another share than the turns. */
export const TURNS: readonly Turn[] = [
  { a: 1, b: 0, host: 1 },
  { a: 0, b: 3, host: 1 },
  { a: 2, b: 0, host: 1 },
  { a: 1, b: 4, host: 2 },
];

/** A host with a sandbox of two containers, which outlives the agents that read it. */
export interface Held {
  readonly folder: string;
  readonly double: SandboxDouble;
  turn(turn: Turn): void;
  /** What the host gave so far, in s. */
  readonly host: number;
  /** Sets that, and writes down in which cgroup the sandbox is. */
  used(seconds: number): void;
}

/** Starts it; all of it is gone after the test. */
export async function startHeld(): Promise<Held> {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-kept-'));
  for (const each of ['proc/1', 'cg/pod']) mkdirSync(join(folder, each), { recursive: true });
  writeFileSync(join(folder, 'proc/1/mountinfo'), '3 2 0:2 / /cg rw - cgroup2 cgroup2 rw\n');
  const double = await startDouble(folder, { containers: ['a', 'b'] });
  onTestFinished(async () => {
    await double.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let host = 0;
  for (const each of Object.values(double.containers)) each.cpuNanos = 0;
  used(0);
  return {
    ...{ folder, double, turn, used },
    get host() {
      return host;
    },
  };

  function turn(told: Turn): void {
    for (const name of ['a', 'b'] as const) {
      (double.containers[name] as { cpuNanos: number }).cpuNanos += told[name] * 1e9;
    }
    used(host + told.host);
  }

  function used(seconds: number): void {
    host = seconds;
    writeFileSync(join(folder, `proc/${double.pid}/cgroup`), '0::/pod\n');
    writeFileSync(join(folder, 'cg/pod/cpu.stat'), `usage_usec ${seconds * 1e6}\n`);
  }
}
