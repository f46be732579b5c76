import type { FileStore } from '../../platform/file/file-store.ts';
import { type InterfaceStats, readInterfaces } from '../../platform/procfs/network.ts';
import { readNetworkNamespace } from '../../platform/procfs/process.ts';
import type { ContainerState } from './state.ts';

/** Whose counters stand for a sandbox' network: chosen at the first look, for its whole life. */
type Source = 'guest' | 'host' | 'none';

/** The interfaces of one sandbox. */
export interface InterfaceReader {
  /** `told` is what the sandbox says of its own network stack, where its build does. */
  read(
    root: ContainerState,
    told: readonly InterfaceStats[] | undefined,
  ): readonly InterfaceStats[];
}

/**
 * Takes what the sandbox tells, else the host's side: /proc/<sandbox pid>/net/dev. A sandbox in the
 * host's network namespace has no interfaces of its own.
 */
export function createInterfaceReader(proc: string, files: FileStore): InterfaceReader {
  let source: Source | undefined;
  return {
    read(root, told) {
      source ??= choose(root, told);
      if (source === 'guest') return told ?? [];
      if (source === 'none') return [];
      return readInterfaces(`${proc}/${root.sandboxPid}/net/dev`, files);
    },
  };

  function choose(root: ContainerState, told: readonly InterfaceStats[] | undefined): Source {
    const own = readNetworkNamespace(proc, root.sandboxPid);
    const host = readNetworkNamespace(proc, 1);
    const isKnown = own !== undefined && host !== undefined;
    const isHost = isKnown ? own === host : root.spec.network === 'host';
    if (isHost) return 'none';
    return told === undefined ? 'host' : 'guest';
  }
}
