import type { LogOnce } from '../../helper/log-once.ts';
import type { LibvirtClient } from '../../platform/libvirt/client.ts';
import type { Domain } from '../../platform/libvirt/domain.ts';
import { type DomainDescription, parseDomainXml } from '../../platform/libvirt/domain-xml.ts';
import {
  ERROR_CODE,
  LibvirtBusy,
  LibvirtError,
  LibvirtProtocolError,
  LibvirtTimeout,
  LibvirtUnreachable,
} from '../../platform/libvirt/errors.ts';
import type { Member } from './member.ts';

/** The running domains of one daemon. */
export interface Members {
  /** Lists them and reads the XML of those that are new, or were not described for a while. */
  refresh(client: LibvirtClient, end: number): Promise<void>;
  /** Undefined for one that is not wanted, or came since. */
  of(domain: Domain): Member | undefined;
  close(): void;
}

/** A running domain that is new. */
export interface FoundDomain {
  readonly domain: Domain;
  readonly description: DomainDescription;
  /** When a list had it not yet, in ms since the epoch; undefined for those of the first list. */
  readonly sinceMillis: number | undefined;
}

/** What they are made with. */
export interface MembersOptions {
  /** Longest wait for one call, in ms. */
  readonly callMillis: number;
  readonly said: LogOnce;
  readonly fields: Readonly<Record<string, string>>;
  now(): number;
  failed(): void;
  wants(domain: Domain): boolean;
  open(found: FoundDomain): Member;
}

const DESCRIBE_MILLIS = 60_000;
/** An agent is there some time after its guest. */
const AGENT_MILLIS = 5_000;

/** Makes them, none yet. A domain of the same name with another uuid, or started anew, is another. */
export function createMembers(options: MembersOptions): Members {
  const { callMillis, said, fields, now, failed, wants, open } = options;
  const members = new Map<string, Member>();
  const since = new Map<string, number | undefined>();
  let listedAt: number | undefined;
  return {
    refresh,
    of: (domain) => members.get(keyOf(domain)),
    close() {
      for (const member of members.values()) member.close();
      members.clear();
    },
  };

  async function refresh(client: LibvirtClient, end: number): Promise<void> {
    const soon = () => Math.min(end, performance.now() + callMillis);
    const askedAt = now();
    const listed = (await client.listDomains('active', soon())).filter(wants);
    const there = new Set(listed.map(keyOf));
    for (const key of there) if (!since.has(key)) since.set(key, listedAt);
    listedAt = askedAt;
    for (const key of since.keys()) {
      if (there.has(key)) continue;
      members.get(key)?.close();
      members.delete(key);
      since.delete(key);
    }
    const late = (performance.now() + end) / 2;
    for (const domain of listed) {
      if (performance.now() > late) return;
      const known = members.get(keyOf(domain));
      if (known !== undefined && !isDue(known)) continue;
      if (!(await describe(client, domain, soon()))) return;
    }
  }

  /** False where the daemon is too slow to go on. */
  async function describe(
    client: LibvirtClient,
    domain: Domain,
    deadline: number,
  ): Promise<boolean> {
    const key = keyOf(domain);
    const trouble = `description of ${domain.uuid}`;
    try {
      const description = parseDomainXml(await client.readDomainXml(domain, deadline));
      const known = members.get(key);
      if (known !== undefined) known.describe(description);
      else members.set(key, open({ domain, description, sinceMillis: since.get(key) }));
      said.recovered(trouble, 'Domain can be described again', { ...fields, domain: domain.name });
      return true;
    } catch (error) {
      if (isOfConnection(error)) throw error;
      const isGone = error instanceof LibvirtError && error.errorNumber === ERROR_CODE.noDomain;
      if (isGone) return true;
      failed();
      said.trouble(trouble, 'Domain cannot be described; one that is new has no rows', {
        ...{ ...fields, domain: domain.name, error: (error as Error).message },
      });
      return !(error instanceof LibvirtTimeout);
    }
  }
}

/** A restart gives another id, a domain of the same name another uuid. */
function keyOf({ uuid, id }: Domain): string {
  return `${uuid} ${id}`;
}

function isDue({ describedAt, description }: Member): boolean {
  const age = performance.now() - describedAt;
  return age > (description.isAgentConnected === false ? AGENT_MILLIS : DESCRIBE_MILLIS);
}

function isOfConnection(error: unknown): boolean {
  return (
    error instanceof LibvirtUnreachable ||
    error instanceof LibvirtProtocolError ||
    error instanceof LibvirtBusy
  );
}
