import { type OciSpec, parseOciSpec } from '../../platform/oci/spec.ts';
import { type RunscState, readState, type StateName } from '../../platform/runsc/state.ts';

/** What a state file tells of a container, with its OCI spec taken apart. */
export interface ContainerState extends RunscState {
  readonly spec: OciSpec;
}

/** Reads a state file. Undefined when it is gone or tells of no sandbox yet. Throws as `readState`. */
export function readContainerState(path: string, name: StateName): ContainerState | undefined {
  const state = readState(path, name);
  return state && { ...state, spec: parseOciSpec(state.spec) };
}

/** True for the sandbox' own container: the pause container of a pod. */
export function isRoot({ containerId, sandboxId }: ContainerState): boolean {
  return containerId === sandboxId;
}
