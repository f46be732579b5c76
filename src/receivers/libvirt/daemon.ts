import type { Counter } from '../../component/telemetry.ts';
import type { LogOnce } from '../../helper/log-once.ts';
import type { MetricsBuilder } from '../../helper/receiver/metrics-builder.ts';
import { createSource, type Source, type StateCounts } from '../../helper/source-state.ts';
import { connectLibvirt, type LibvirtClient } from '../../platform/libvirt/client.ts';
import type { Domain } from '../../platform/libvirt/domain.ts';
import { parseDomainStats } from '../../platform/libvirt/domain-stats.ts';
import { isDenied, LibvirtError, LibvirtUnreachable } from '../../platform/libvirt/errors.ts';
import type { LibvirtTarget } from '../../platform/libvirt/uri.ts';
import { createAgents } from './agent.ts';
import type { Background } from './background.ts';
import type { FilesystemUse } from './filesystems.ts';
import type { Member } from './member.ts';
import { createMembers, type FoundDomain } from './members.ts';
import { readStats, type StatsOptions } from './stats.ts';

/** One daemon as a source of its own: what happens to it costs no other. */
export interface Daemon {
  /** How it goes with its socket; undefined before the first read. */
  readonly state: Source['state'];
  /** Reads its domains before `end` (ms of performance.now()); never rejects. */
  read(end: number, isCurrent: () => boolean): Promise<void>;
  close(): void;
}

/** What the daemons of a receiver share. */
export interface DaemonContext {
  readonly receiver: string;
  readonly builder: MetricsBuilder;
  readonly stats: StatsOptions;
  readonly said: LogOnce;
  readonly failures: Counter;
  readonly counts: StateCounts;
  now(): number;
  wants(domain: Domain): boolean;
  /** Makes what asks agents; undefined where they are not asked. */
  createAgentBackground(): Background<readonly FilesystemUse[]> | undefined;
}

/** Where a daemon is. */
export interface DaemonPlace {
  /** What the log calls it. */
  readonly name: string;
  /** What it may be opened as: the first that it takes is it. */
  targets(): readonly LibvirtTarget[];
}

/** Makes a member; `agent` follows the file systems that its agent tells. */
export type OpenMember = (found: FoundDomain, agent: AgentOf | undefined) => Member;

/** Follows what the agent of a domain tells. */
export type AgentOf = (
  domain: Domain,
) => ReturnType<Background<readonly FilesystemUse[]>['follow']>;

/** Makes a daemon that is not connected yet. */
export function createDaemon(
  context: DaemonContext,
  { name, targets }: DaemonPlace,
  openMember: OpenMember,
): Daemon {
  const { receiver, builder, said, failures, counts, stats: statsOptions } = context;
  const fields = { receiver, path: name };
  const source = createSource({
    ...{ said, failures, counts, key: `daemon ${name}`, fields },
    messages: {
      failed: 'Daemon cannot be read; its domains have no rows',
      recovered: 'Daemon can be read again',
    },
  });
  const background = context.createAgentBackground();
  const agents = background && createAgents(() => target);
  const agentOf: AgentOf | undefined =
    background && agents
      ? (domain) => background.follow({ ...fields, domain: domain.name }, () => agents.read(domain))
      : undefined;
  const members = createMembers({
    ...{ callMillis: statsOptions.callMillis, said, fields },
    ...{ now: context.now, wants: context.wants },
    failed: () => failures.add(1),
    open: (found) => openMember(found, agentOf),
  });
  let client: LibvirtClient | undefined;
  let target: LibvirtTarget | undefined;
  let time = 0;
  let isClosed = false;
  return {
    get state() {
      return source.state;
    },
    read,
    close,
  };

  async function read(end: number, isCurrent: () => boolean): Promise<void> {
    if (!source.mayTry()) return;
    try {
      const connected = await connect(end);
      await members.refresh(connected, end);
      const { records, isWhole } = await readStats(connected, statsOptions, end);
      if (isClosed) return;
      source.succeeded();
      tellWhole(isWhole);
      if (!isCurrent()) return;
      time = Math.max(time, context.now());
      builder.at(time);
      const hasStuck = connected.stuck > 0;
      // Each is used and let go before the next is taken apart.
      for (const record of records) {
        members.of(record.domain)?.record(parseDomainStats(record), time, hasStuck && isWhole);
      }
    } catch (error) {
      if (!isClosed) tell(error as Error);
    }
  }

  async function connect(end: number): Promise<LibvirtClient> {
    if (client?.isOpen) return client;
    const deadline = Math.min(end, performance.now() + statsOptions.callMillis);
    let refusal: unknown;
    for (const each of targets()) {
      try {
        client = await connectLibvirt(each, deadline);
        target = each;
        if (isClosed) client.close();
        return client;
      } catch (error) {
        // One of a user does not know the system's URI.
        if (!(error instanceof LibvirtError) || isDenied(error)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  /** Nobody listens where no domain runs: that is no trouble. */
  function tell(error: Error): void {
    if (error instanceof LibvirtUnreachable && error.reason === 'absent') source.is('absent');
    else if (isDenied(error)) {
      const cause = Object.assign(new Error(error.message), { code: 'EACCES' });
      const message = 'Daemon may not be asked; its domains have no rows';
      source.failed(new Error(error.message, { cause }), message);
    } else source.failed(error);
  }

  function tellWhole(isWhole: boolean): void {
    const key = `hanging domains of ${name}`;
    if (isWhole) said.recovered(key, 'Domains answer again', fields);
    else said.trouble(key, 'Several domains hang; only states and interfaces are read', fields);
  }

  function close(): void {
    isClosed = true;
    client?.close();
    agents?.close();
    background?.close();
    members.close();
    source.close();
  }
}
