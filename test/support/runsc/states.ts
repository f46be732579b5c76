import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A container as runsc's state file has it. */
export interface StateOptions {
  readonly id: string;
  readonly sandboxId: string;
  /** The process of the sandbox, whose last argument is to be the sandbox' id. */
  readonly pid: number;
  readonly podUid: string;
  readonly driver: 'systemd' | 'cgroupfs';
  /** linux.resources of its OCI spec. */
  readonly resources?: object;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The slice of a burstable pod: its unit, and where it is. */
export function podSlice(podUid: string): { readonly unit: string; readonly path: string } {
  const unit = `kubepods-burstable-pod${podUid.replaceAll('-', '_')}.slice`;
  return { unit, path: `/kubepods.slice/kubepods-burstable.slice/${unit}` };
}

/** The cgroup that the spec of a container of containerd asks for. */
export function cgroupOf({ id, podUid, driver }: Pick<StateOptions, 'id' | 'podUid' | 'driver'>) {
  return driver === 'systemd'
    ? `${podSlice(podUid).path}/cri-containerd-${id}.scope`
    : `/kubepods/burstable/pod${podUid}/${id}`;
}

/** What runsc's state file holds of a container. */
export function stateOf(options: StateOptions): object {
  const { id, sandboxId, pid, podUid, driver, resources = {}, annotations = {} } = options;
  const cgroupsPath =
    driver === 'systemd' ? `${podSlice(podUid).unit}:cri-containerd:${id}` : cgroupOf(options);
  return {
    id,
    createdAt: '2026-11-21T00:06:41.511012092Z',
    spec: { ociVersion: '1.1.0', annotations, linux: { cgroupsPath, resources } },
    status: 'running',
    sandbox: { id: sandboxId, pid },
  };
}

/** Writes a state file into runsc's root; returns its path. */
export function writeState(root: string, options: StateOptions): string {
  const path = join(root, `${options.id}_sandbox:${options.sandboxId}.state`);
  writeFileSync(path, JSON.stringify(stateOf(options)));
  return path;
}
