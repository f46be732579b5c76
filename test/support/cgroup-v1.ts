import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const USAGE = ['cpu', 'cpuacct', 'memory'];

/** A real cgroup of a test, on a v1 host. */
export interface TestCgroup {
  /** Its id in the rows. */
  readonly id: string;
  directory(controller: string): string;
  write(controller: string, file: string, value: string): void;
  read(controller: string, file: string): string;
  /** Starts a command that is inside before it is executed. */
  run(command: readonly string[], controllers?: readonly string[]): ChildProcess;
  /** Kills what runs inside, by pid, and removes the directories. */
  remove(): Promise<void>;
}

/** Mount points of the v1 controllers that the tests use; empty elsewhere. */
export function v1Mounts(): Map<string, string> {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const mounts = new Map<string, string>();
  for (const line of lines) {
    const match = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup \S+ (\S+)$/.exec(line);
    for (const controller of match?.[2]?.split(',') ?? []) mounts.set(controller, match?.[1] ?? '');
  }
  return mounts;
}

/** Mount points of all hierarchies, v1 and v2: a runtime makes its cgroups in each. */
export function cgroupMounts(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.flatMap((line) => /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2? /.exec(line)?.[1] ?? []);
}

/** Makes `/sandgauge-<pid>-<name>` below the root of the hierarchy of each controller. */
export function makeCgroup(name: string, controllers: readonly string[] = USAGE): TestCgroup {
  const id = name.startsWith('/') ? name : `/sandgauge-${process.pid}-${name}`;
  const mounts = v1Mounts();
  const directory = (controller: string) => `${mounts.get(controller)}${id}`;
  for (const controller of controllers) mkdirSync(directory(controller), { recursive: true });
  return {
    id,
    directory,
    write: (controller, file, value) => writeFileSync(`${directory(controller)}/${file}`, value),
    read: (controller, file) => readFileSync(`${directory(controller)}/${file}`, 'utf8').trim(),
    run(command, joined = controllers) {
      const files = joined.map((controller) => `${directory(controller)}/cgroup.procs`);
      const join = files.map((file) => `echo $$ > '${file}'`).join('; ');
      return spawn('sh', ['-c', `${join}; exec "$@"`, 'sh', ...command], { stdio: 'ignore' });
    },
    async remove() {
      for (const controller of controllers) await removeDirectory(directory(controller));
    },
  };
}

async function removeDirectory(directory: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const pids = readFileSync(`${directory}/cgroup.procs`, 'utf8').split('\n').filter(Boolean);
    for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
    if (pids.length === 0) {
      try {
        return rmdirSync(directory);
      } catch {
        // A process that was killed leaves its cgroup a moment later.
      }
    }
    await sleep(20);
  }
  throw new Error(`${directory} cannot be removed`);
}
