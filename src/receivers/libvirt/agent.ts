import { connectLibvirt, type LibvirtClient } from '../../platform/libvirt/client.ts';
import type { Domain } from '../../platform/libvirt/domain.ts';
import { GUEST_INFO, parseGuestFilesystems } from '../../platform/libvirt/guest-info.ts';
import type { LibvirtTarget } from '../../platform/libvirt/uri.ts';
import { type FilesystemUse, usesOfGuest } from './filesystems.ts';

/** Asks the agents inside the guests of one daemon. */
export interface Agents {
  /** Rejects where the connection or the agent fails. */
  read(domain: Domain): Promise<FilesystemUse[]>;
  close(): void;
}

/** libvirt itself gives an agent 5 s to wake up. */
const WAIT_MILLIS = 10_000;
const MAX_STUCK = 2;

/**
 * Over a connection of their own, one that may write: only such a one is let to an agent, and one that
 * hangs holds up no statistics. `target` is what the daemon was opened as, for reading.
 */
export function createAgents(target: () => LibvirtTarget | undefined): Agents {
  let client: LibvirtClient | undefined;
  return { read, close: () => client?.close() };

  async function read(domain: Domain): Promise<FilesystemUse[]> {
    const deadline = performance.now() + WAIT_MILLIS;
    const known = target();
    if (known === undefined) throw new Error('the daemon was not read yet');
    if (!client?.isOpen) client = await connectLibvirt(writable(known), deadline);
    if (client.stuck >= MAX_STUCK) throw new Error('other agents of this host do not answer');
    const info = await client.readGuestInfo(domain, GUEST_INFO.filesystem, deadline);
    return usesOfGuest(parseGuestFilesystems(info));
  }
}

function writable(target: LibvirtTarget): LibvirtTarget {
  const sockets = new Set(target.sockets.map((path) => path.replace(/-sock-ro$/, '-sock')));
  return { ...target, sockets: [...sockets], isReadOnly: false };
}
