import { execFileSync } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroupMounts } from '../cgroup-v1.ts';
import { pidsOf } from '../kernel-v1.ts';
import { findPeer } from '../peers.ts';
import type { Containerd } from './containerd.ts';
import { type Pod, removeTree } from './pod.ts';

/** A program that runc's shim takes for its runtime, and that is gVisor's. */
export interface RunscProgram {
  readonly path: string;
  /** Ends a pod of it by hand: its containers have the sandbox' process, which the shim cannot end. */
  end(pod: Pod, containerd: Containerd): Promise<void>;
  remove(): void;
}

/** Makes it. What `start` leaves behind would keep its output open, for whose end the shim waits. */
export function makeRunscProgram(): RunscProgram {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-shim-'));
  const path = join(folder, 'runsc');
  const quiet = `case " $* " in *' start '*) exec >/dev/null 2>&1;; esac`;
  const run = `exec ${findPeer('runsc')} --platform=ptrace --network=none "$@"`;
  writeFileSync(path, `#!/bin/sh\n${quiet}\n${run}\n`);
  chmodSync(path, 0o755);
  return { path, end, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function end({ sandboxId, cgroup, containers }: Pod, { state }: Containerd): Promise<void> {
  const ids = [sandboxId, ...Object.values(containers)];
  const inside = ids.flatMap((id) => pidsOf(`${cgroup}/${id}`));
  for (const pid of [...shimsOf(sandboxId), ...inside]) process.kill(Number(pid), 'SIGKILL');
  await sleep(500);
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8').matchAll(/^(?:\S+ ){4}(\S+)/gm);
  for (const [, point = ''] of mounted) {
    const isPods = ids.some((id) => point.includes(id));
    if (isPods && point.startsWith(`${state}/`)) execFileSync('umount', [point]);
  }
  const [top = ''] = /^\/[^/]+/.exec(cgroup) ?? [];
  for (const mount of cgroupMounts()) await removeTree(join(mount, top));
}

function shimsOf(sandboxId: string): string[] {
  return globSync('/proc/[0-9]*/cmdline').flatMap((file) => {
    const [, , pid = ''] = file.split('/');
    return readCommand(file).includes(`-id\0${sandboxId}\0`) ? [pid] : [];
  });
}

function readCommand(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}
