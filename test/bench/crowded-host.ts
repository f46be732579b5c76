import { cpSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackTree } from '../support/tree.ts';

/** The node's kernel is 6.12, its cgroups are v2. */
const CAPTURED = 'v2-systemd-k612';
const FIRST_PID = 100_000;

/** Copies a captured host to `folder`, with `count` containers more, each with a process of its own. */
export function makeCrowdedHost(folder: string, count: number): void {
  const source = join(unpackTree(CAPTURED), 'snap1');
  cpSync(source, folder, { recursive: true });
  const [container = ''] = globSync('**/kubepods-besteffort-pod*/cri-containerd-*.scope', {
    cwd: source,
  });
  const [captured = ''] = globSync('proc/233', { cwd: source });
  for (let i = 0; i < count; i++) {
    const id = i.toString(16).padStart(64, '0');
    const scope = container.replace(/[^/]+$/, `cri-containerd-${id}.scope`);
    cpSync(join(source, container), join(folder, scope), { recursive: true });
    cpSync(join(source, captured), join(folder, `proc/${FIRST_PID + i}`), { recursive: true });
    writeFileSync(join(folder, scope, 'cgroup.procs'), `${FIRST_PID + i}\n`);
  }
}
