import type { Counter } from '../../component/telemetry.ts';
import type { LogOnce } from '../../helper/log-once.ts';
import type { ReceiverKit } from '../../helper/receiver/kit.ts';
import { createMetricFilter } from '../../helper/receiver/options.ts';
import { createSource, type StateCounts } from '../../helper/source-state.ts';
import type { Domain } from '../../platform/libvirt/domain.ts';
import type { WorkloadObserver } from '../../workload/observer.ts';
import type { Workload } from '../../workload/workload.ts';
import type { Followed } from './background.ts';
import type { Config } from './config.ts';
import { createContainerSheets } from './container-sheet.ts';
import type { AgentOf } from './daemon.ts';
import type { FoundDaemon } from './daemons.ts';
import { createDomainSheets } from './domain-sheet.ts';
import type { FilesystemUse } from './filesystems.ts';
import { createMember, type FilesystemChoice, type Member } from './member.ts';
import type { FoundDomain } from './members.ts';
import { isKubevirt, type LabelPaths, namesOf, namesOfKubevirt } from './names.ts';
import { type ComputeSources, createComputeOwner, createVmOwner, type Owner } from './owner.ts';
import { findPlace, type PlaceSources } from './place.ts';
import type { Sheet } from './sheet.ts';

/** What members are made with. */
export interface MemberContext {
  readonly receiver: string;
  readonly kit: ReceiverKit;
  readonly observer: WorkloadObserver | undefined;
  readonly labelPaths: LabelPaths;
  /** Of the cgroup controllers. */
  readonly version: 1 | 2;
  readonly said: LogOnce;
  readonly failures: Counter;
  readonly counts: StateCounts;
  now(): number;
  places(): PlaceSources;
  /** The container in which a process runs. */
  containerOf(pid: number): Workload | undefined;
  /** Follows what virt-df tells of a domain; undefined where it is not run. */
  readonly virtDfOf:
    | ((domain: Domain, socket: string) => Followed<readonly FilesystemUse[]>)
    | undefined;
}

/** Makes the member of a domain. */
export type MakeMember = (
  context: MemberContext,
  daemon: FoundDaemon,
  found: FoundDomain,
  agentOf: AgentOf | undefined,
) => Member;

/** Makes members whose rows are those that are switched on. */
export function createMemberMaker(config: Config): MakeMember {
  const isEnabled = createMetricFilter(config);
  const containerSheets = createContainerSheets(isEnabled);
  const vmSheets = createDomainSheets(isEnabled, false);
  const computeSheets = createDomainSheets(isEnabled, true);
  return (context, daemon, { domain, description, sinceMillis }, agentOf) => {
    const { kit, said, failures, counts, receiver, version } = context;
    const places = context.places();
    const place = findPlace(places, domain, description.partition);
    const startMillis = place?.startMillis;
    // KubeVirt's have no cgroup but that of the container that they run in.
    const isInContainer = place === undefined && isKubevirt(description);
    const life = {
      speaker: kit.speaker,
      uuid: domain.uuid,
      // What it counted before it was seen first belongs to some time after these.
      startMillis: startMillis ?? sinceMillis ?? places.bootMillis ?? 0,
    };
    const owner = isInContainer
      ? createComputeOwner(life, computeSources(context, daemon), namesOfKubevirt(domain))
      : createVmOwner(life, place?.id, namesOf(domain, description, context.labelPaths));
    const source = createSource({
      ...{ said, failures, counts, key: `domain ${domain.uuid} of ${daemon.name}` },
      fields: { receiver, path: daemon.name, domain: domain.name, id: domain.uuid },
      messages: {
        failed: 'Domain hangs; what only its QEMU knows is absent',
        recovered: 'Domain answers again',
      },
    });
    return createMember(
      {
        ...{ domain, owner, source },
        filesystems: chooseFilesystems(context, daemon, domain, agentOf),
        sheets: isInContainer ? [computeSheets(kit.builder, owner)] : sheetsOf(owner),
      },
      description,
    );

    function sheetsOf(vm: Owner): Sheet[] {
      const options = { builder: kit.builder, owner: vm, startMillis, version };
      return [containerSheets(options), vmSheets(kit.builder, vm)];
    }
  };
}

function computeSources(
  { observer, now, containerOf }: MemberContext,
  { pid, podUid }: FoundDaemon,
): ComputeSources {
  return { observer, now, podUid, container: pid === undefined ? undefined : containerOf(pid) };
}

/** Asks the agent of a guest that is to have one, else virt-df. */
function chooseFilesystems(
  { virtDfOf }: MemberContext,
  { targets }: FoundDaemon,
  domain: Domain,
  agentOf: AgentOf | undefined,
): FilesystemChoice {
  let byAgent: Followed<readonly FilesystemUse[]> | undefined;
  let byVirtDf: Followed<readonly FilesystemUse[]> | undefined;
  return {
    of({ isAgentConnected }) {
      const isAsked = agentOf !== undefined && isAgentConnected !== undefined;
      if (isAsked && (isAgentConnected || virtDfOf === undefined)) {
        if (isAgentConnected) byAgent ??= agentOf(domain);
        return byAgent ?? AWAITED;
      }
      byVirtDf ??= virtDfOf?.(domain, targets()[0]?.sockets[0] ?? '');
      return byVirtDf;
    },
    close() {
      byAgent?.close();
      byVirtDf?.close();
    },
  };
}

/** The agent of a guest that boots will tell. */
const AWAITED: Followed<readonly FilesystemUse[]> = { latest: () => undefined, close() {} };
