import { createInterfaceRows } from '../../../helper/receiver/interface-rows.ts';
import { readInterfaces } from '../../../platform/procfs/network.ts';
import { readNetworkNamespace } from '../../../platform/procfs/process.ts';
import type { Member } from '../member.ts';
import type { MetricSet, SetContext, SetReader } from './set.ts';

/**
 * Interfaces of a network namespace: on the row of the pod's sandbox, or of a container that is in no
 * pod, never where it is the host's, whose interfaces stand on the node's row.
 */
export function createNetworkSet(context: SetContext): MetricSet | undefined {
  const { builder, files, paths, isEnabled } = context;
  const rows = createInterfaceRows(isEnabled);
  const proc = paths.resolve('/proc');
  const owners = new Map<number, Member>();
  return rows.isEmpty ? undefined : { group: 'network', open };

  function open(member: Member): SetReader {
    const interfaces = rows.open(builder, member);
    return { record, close };

    function record(_recorder: unknown, pass: number): boolean {
      const pid = pidOf(pass);
      const found = pid === undefined ? [] : readInterfaces(`${proc}/${pid}/net/dev`, files);
      interfaces.record(found);
      return found.length > 0;
    }

    function pidOf(pass: number): number | undefined {
      if (member.workload.kind === 'node') return 1;
      const facts = member.facts();
      const isOwn =
        facts?.isSandbox ||
        (facts?.sandboxId === undefined && member.workload.podUid === undefined);
      if (facts === undefined || !isOwn || facts.network === 'joined') return undefined;
      const [pid] = member.pids(pass);
      if (pid === undefined) return undefined;
      const namespace = readNetworkNamespace(proc, pid);
      const host = readNetworkNamespace(proc, 1);
      if (namespace === undefined || host === undefined) {
        return facts.network === 'own' ? pid : undefined;
      }
      return namespace !== host && owns(namespace) ? pid : undefined;
    }

    /** Two containers outside of pods may share a namespace: the first that was seen speaks. */
    function owns(namespace: number): boolean {
      const owner = owners.get(namespace) ?? member;
      owners.set(namespace, owner);
      return owner === member;
    }

    function close(): void {
      interfaces.close();
      for (const [namespace, owner] of owners) if (owner === member) owners.delete(namespace);
    }
  }
}
