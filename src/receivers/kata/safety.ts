import { basename } from 'node:path';
import type { HypervisorState, KataRuntime } from '../../platform/kata/state.ts';
import type { Command } from '../../platform/procfs/process.ts';

/** Whether a sandbox may be read, and what it runs on. */
export interface Verdict {
  readonly isReadable: boolean;
  /** `unknown` when neither its files nor a process tell. */
  readonly hypervisor: string;
}

const PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [/^qemu-(?:system|kvm)/, 'qemu'],
  [/^firecracker/, 'firecracker'],
  [/^cloud-hypervisor/, 'cloud-hypervisor'],
  [/^stratovirt/, 'stratovirt'],
  [/^dragonball/, 'dragonball'],
];

/**
 * The Go shim is always read. A shim of runtime-rs is only where its state names a hypervisor of the
 * list and no process of the sandbox is another one: it can end the pod (kata-containers#13707).
 */
export function judge(
  runtime: KataRuntime,
  state: HypervisorState | undefined,
  commands: readonly Command[],
  allowed: readonly string[],
): Verdict {
  const told = state?.type.toLowerCase() ?? 'unknown';
  if (runtime === 'go') return { isReadable: true, hypervisor: told };
  const seen = commands.map(hypervisorOf).filter((name) => name !== undefined);
  const other = seen.find((name) => !allowed.includes(name));
  return { isReadable: other === undefined && allowed.includes(told), hypervisor: other ?? told };
}

function hypervisorOf({ args }: Command): string | undefined {
  const program = basename(args[0] ?? '');
  return PROGRAMS.find(([pattern]) => pattern.test(program))?.[1];
}
