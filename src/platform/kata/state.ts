import * as z from 'zod/mini';
import { readBoundedJson } from '../file/bounded-json.ts';

/** The runtime that made a sandbox: Kata's first, in Go, or runtime-rs. */
export type KataRuntime = 'go' | 'rs';

/** What a runtime writes down of the hypervisor of a sandbox. */
export interface HypervisorState {
  /** Such as qemu, dragonball, clh, cloud-hypervisor, firecracker. */
  readonly type: string;
  /** Of its process; with Dragonball that is the shim's own. */
  readonly pid: number | undefined;
  readonly virtiofsdPid: number | undefined;
}

const PID = z.nullish(z.number());
const GO = z.object({
  HypervisorState: z.object({ Type: z.string(), Pid: PID, VirtiofsdPid: PID }),
});
const RS = z.object({
  hypervisor: z.object({ hypervisor_type: z.string(), pid: PID, virtiofs_daemon_pid: PID }),
});

/**
 * Reads `persist.json` (Go: virtcontainers/persist/api) or `state.json` (runtime-rs: crates/persist)
 * in the directory of a sandbox; undefined while there is none. Throws for one that cannot be used.
 */
export function readHypervisor(
  directory: string,
  runtime: KataRuntime,
): HypervisorState | undefined {
  const json = readBoundedJson(`${directory}/${runtime === 'go' ? 'persist' : 'state'}.json`);
  if (json === undefined) return undefined;
  if (runtime === 'go') {
    const { Type, Pid, VirtiofsdPid } = parse(GO, json).HypervisorState;
    return { type: Type, pid: pidOf(Pid), virtiofsdPid: pidOf(VirtiofsdPid) };
  }
  const { hypervisor } = parse(RS, json);
  return {
    type: hypervisor.hypervisor_type,
    pid: pidOf(hypervisor.pid),
    virtiofsdPid: pidOf(hypervisor.virtiofs_daemon_pid),
  };
}

function parse<Schema extends z.ZodMiniType>(schema: Schema, json: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new Error('it names no hypervisor');
  return parsed.data;
}

/** 0 and -1 stand for none. */
function pidOf(pid: number | null | undefined): number | undefined {
  return Number.isSafeInteger(pid) && (pid as number) > 0 ? (pid as number) : undefined;
}
