import { connectFirst } from './connect.ts';
import type { Connection } from './connection.ts';
import { type Domain, encodeDomain, MIN_DOMAIN_BYTES, readDomain } from './domain.ts';
import { type DomainRecord, readRecords } from './domain-stats.ts';
import type { KeepaliveOptions } from './keepalive.ts';
import { createKeyTrie } from './key-trie.ts';
import { type LifecycleEvent, readLifecycle } from './lifecycle.ts';
import { openConnection } from './open.ts';
import { type Parameters, readParameters } from './parameters.ts';
import { PROCEDURE } from './procedures.ts';
import type { LibvirtTarget } from './uri.ts';
import {
  encodeInt,
  readArray,
  readInt,
  readString,
  readUint,
  readUnsignedHyper,
  type XdrReader,
} from './xdr.ts';

/**
 * A kept connection to libvirt. Each `deadline` is in ms of performance.now(). Calls run side by side
 * and reject with a LibvirtError (the daemon says no), LibvirtTimeout, LibvirtBusy (too many calls are
 * unanswered), LibvirtUnreachable or LibvirtProtocolError (the connection is over).
 */
export interface LibvirtClient
  extends Pick<Connection, 'socketPath' | 'isOpen' | 'stuck' | 'lateReplies' | 'close'> {
  /** The daemon's version: 9000000 is 9.0.0. */
  readVersion(deadline: number): Promise<number>;
  /** The domains, without asking any of them. */
  listDomains(select: DomainSelection, deadline: number): Promise<Domain[]>;
  /**
   * The statistics of some groups. Those of a domain that is busy are left out rather than waited
   * for; a domain that is gone is left out. One that hangs still holds the whole call.
   */
  readDomainStats(request: StatsRequest, deadline: number): Promise<DomainRecord[]>;
  /** The live XML of a domain, without secrets. */
  readDomainXml(domain: Domain, deadline: number): Promise<string>;
  /** What the agent in a guest tells, of types of GUEST_INFO; not for connections that only read. */
  readGuestInfo(domain: Domain, types: number, deadline: number): Promise<Parameters>;
  /** Asks for events of start, stop, ... of all domains, until the connection ends. Once only. */
  watchLifecycle(listener: (event: LifecycleEvent) => void, deadline: number): Promise<void>;
}

/** Which domains are listed: all, or only those that run or are paused. */
type DomainSelection = 'all' | 'active';

/** Which statistics are read. */
interface StatsRequest {
  /** The sum of some of STATS_GROUP. A daemon ignores what it does not know. */
  readonly groups: number;
  /** The domains that are asked: a list, all, or only those that run or are paused. */
  readonly domains: DomainSelection | readonly Domain[];
}

/** virDomainStatsTypes. */
export const STATS_GROUP = {
  state: 1,
  cpu: 2,
  balloon: 4,
  vcpu: 8,
  interface: 16,
  block: 32,
  perf: 64,
  iothread: 128,
  memory: 256,
  dirtyrate: 512,
} as const;

/** VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT. */
const NO_WAIT = 0x2000_0000;
const NO_FLAGS = 0;
const ACTIVE = 1;
const NEEDS_RESULTS = 1;
const LIFECYCLE_EVENT = 0;
/** libvirtd's own defaults. */
const KEEPALIVE: KeepaliveOptions = { intervalMillis: 5000, count: 5 };

/**
 * Connects, authenticates and opens the driver. Rejects with a LibvirtUnreachable (absent, denied,
 * failed), a LibvirtError (isDenied tells those of rights), LibvirtTimeout or LibvirtProtocolError.
 * Leaves nothing open then.
 */
export async function connectLibvirt(
  target: LibvirtTarget,
  deadline: number,
  keepalive: KeepaliveOptions = KEEPALIVE,
): Promise<LibvirtClient> {
  const connection = await connectFirst(target.sockets, deadline);
  try {
    await openConnection(connection, target, keepalive, deadline);
  } catch (error) {
    connection.close();
    throw error;
  }
  return createClient(connection);
}

function createClient(connection: Connection): LibvirtClient {
  const { call } = connection;
  const keys = createKeyTrie();
  return {
    socketPath: connection.socketPath,
    get isOpen() {
      return connection.isOpen;
    },
    get stuck() {
      return connection.stuck;
    },
    get lateReplies() {
      return connection.lateReplies;
    },
    close: connection.close,
    readVersion: (deadline) =>
      call(PROCEDURE.connectGetLibVersion, [], (from) => Number(readUnsignedHyper(from)), deadline),
    listDomains(select, deadline) {
      const args = [encodeInt(NEEDS_RESULTS), encodeInt(flagsOf(select))];
      return call(PROCEDURE.connectListAllDomains, args, readListing, deadline);
    },
    async readDomainStats({ groups, domains }, deadline) {
      const [listed, flags] =
        typeof domains === 'string' ? [[], flagsOf(domains)] : [domains, NO_FLAGS];
      // To the daemon an empty list is one of all.
      if (listed === domains && listed.length === 0) return [];
      const list = [encodeInt(listed.length), ...listed.map(encodeDomain)];
      const args = [...list, encodeInt(groups), encodeInt(flags | NO_WAIT)];
      const read = (from: XdrReader) => readRecords(from, keys);
      return call(PROCEDURE.connectGetAllDomainStats, args, read, deadline);
    },
    async readDomainXml(domain, deadline) {
      const args = [encodeDomain(domain), encodeInt(NO_FLAGS)];
      return call(PROCEDURE.domainGetXmlDesc, args, readString, deadline);
    },
    async readGuestInfo(domain, types, deadline) {
      const args = [encodeDomain(domain), encodeInt(types), encodeInt(NO_FLAGS)];
      const read = (from: XdrReader) => readParameters(from, keys);
      return call(PROCEDURE.domainGetGuestInfo, args, read, deadline);
    },
    async watchLifecycle(listener, deadline) {
      connection.onEvent((procedure, body) => {
        if (procedure === PROCEDURE.domainEventCallbackLifecycle) listener(readLifecycle(body));
      });
      const ofAllDomains = encodeInt(0);
      const args = [encodeInt(LIFECYCLE_EVENT), ofAllDomains];
      await call(PROCEDURE.connectDomainEventCallbackRegisterAny, args, readInt, deadline);
    },
  };
}

function flagsOf(select: DomainSelection): number {
  return select === 'active' ? ACTIVE : NO_FLAGS;
}

function readListing(from: XdrReader): Domain[] {
  const domains = readArray(from, MIN_DOMAIN_BYTES, readDomain);
  readUint(from); // How many they are.
  return domains;
}
