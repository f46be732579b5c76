import type { Host } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { createReceiverKit, type ReceiverKit } from '../../helper/receiver/kit.ts';
import type { Scraper } from '../../helper/receiver/scraper-controller.ts';
import { createStateCounts } from '../../helper/source-state.ts';
import type { Point } from '../../pdata/point.ts';
import { parseHierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import { readCgroupPath } from '../../platform/cgroupfs/process-cgroup.ts';
import { createFdBudget } from '../../platform/file/fd-budget.ts';
import { createFileStore } from '../../platform/file/file-store.ts';
import { createRootedPaths } from '../../platform/file/rooted.ts';
import { STATS_GROUP } from '../../platform/libvirt/client.ts';
import type { Domain } from '../../platform/libvirt/domain.ts';
import { readHost, readMountinfo } from '../../platform/procfs/host.ts';
import { parseCgroupPath } from '../../workload/cgroup-path.ts';
import { isWorkloadObserver } from '../../workload/observer.ts';
import type { Workload } from '../../workload/workload.ts';
import { createBackground } from './background.ts';
import type { Config } from './config.ts';
import { createDaemon, type Daemon, type DaemonContext } from './daemon.ts';
import { createFindDaemons, type FoundDaemon } from './daemons.ts';
import type { FilesystemUse } from './filesystems.ts';
import { type LabelPaths, parseLabelPath } from './names.ts';
import { createMemberMaker, type MemberContext } from './open-member.ts';
import { createVirtDf } from './virt-df.ts';

/** The daemons may take this part of the time that a collection has: the rest is for what follows. */
const SHARE = 0.8;

/** Makes the scraper of a host's libvirt daemons. Throws a ConfigError. */
export function createLibvirtScraper(settings: Settings, config: Config): Scraper {
  const { telemetry, now } = settings;
  const receiver = settings.id.text;
  const key = `receivers::${receiver}`;
  const said = createLogOnce(telemetry.logger);
  const labels = { source: receiver };
  const failures = telemetry.counter('sandgauge_source_failures', labels);
  const counts = createStateCounts(telemetry, 'sandgauge_source_daemons', labels);
  const domainCounts = createStateCounts(telemetry, 'sandgauge_source_domains', labels);
  const paths = createRootedPaths(config.root_path);
  const proc = paths.resolve('/proc');
  const files = createFileStore(createFdBudget(0), { failed() {}, recovered() {}, gone() {} });
  const hierarchies = parseHierarchies(readMountinfo(paths) ?? '', paths);
  const memory = hierarchies.controller('memory');
  const runtimeDirectory = process.env.XDG_RUNTIME_DIR;
  const findDaemons = createFindDaemons(config, { paths, key, runtimeDirectory });
  const labelPaths = labelPathsOf(config, key);
  const makeMember = createMemberMaker(config);
  const virtDf = createVirtDf(config, { now, said, failures });
  const daemons = new Map<string, Daemon>();
  let host = readHost(paths);
  let context: DaemonContext;
  let memberContext: MemberContext;
  let kit: ReceiverKit;
  let pass = 0;
  return { start, scrape, sourceState, shutdown };

  async function start(service: Host): Promise<void> {
    const voiced = { voice: 'libvirt', runtimes: ['libvirt'], observer: config.observer } as const;
    kit = createReceiverKit(settings, service, voiced, said);
    const observer = service.extension(config.observer);
    const groups = config.groups.reduce((sum, group) => sum | STATS_GROUP[group], 0);
    const { builder } = kit;
    context = {
      ...{ receiver, builder, said, failures, counts, now, wants, createAgentBackground },
      stats: { groups, callMillis: config.call_timeout },
    };
    memberContext = {
      ...{ receiver, kit, labelPaths, said, failures, counts: domainCounts, now, containerOf },
      observer: isWorkloadObserver(observer) ? observer : undefined,
      version: memory?.version ?? 2,
      places: () => ({ hierarchies, paths, bootMillis: host.bootMillis }),
      virtDfOf: virtDf?.of,
    };
  }

  function wants({ name }: Domain): boolean {
    const { include, exclude } = config.domains;
    if (exclude.some((glob) => glob.matches(name))) return false;
    return include.length === 0 || include.some((glob) => glob.matches(name));
  }

  function containerOf(pid: number): Workload | undefined {
    const path = readCgroupPath(proc, pid, hierarchies, 'memory', files);
    const workload = path === undefined ? undefined : parseCgroupPath(path);
    return workload?.kind === 'container' ? workload : undefined;
  }

  function createAgentBackground() {
    if (config.guest_filesystems !== 'agent') return undefined;
    return createBackground<readonly FilesystemUse[]>({
      ...{ now, said, failures, intervalMillis: config.guest_filesystems_interval },
      messages: {
        failed: 'Guest agent cannot be asked; how full its file systems are is unknown',
        recovered: 'Guest agent can be asked again',
      },
    });
  }

  function look(): void {
    const found = new Map(findDaemons().map((each) => [each.key, each]));
    for (const [known, daemon] of daemons) {
      if (found.has(known)) continue;
      daemon.close();
      daemons.delete(known);
    }
    for (const [each, place] of found) {
      if (!daemons.has(each)) daemons.set(each, open(place));
    }
  }

  function open(place: FoundDaemon): Daemon {
    return createDaemon(context, place, (found, agentOf) =>
      makeMember(memberContext, place, found, agentOf),
    );
  }

  async function scrape(signal: AbortSignal, _: unknown, deadline: number): Promise<Point[]> {
    look();
    host = readHost(paths);
    kit.builder.begin(now());
    const mine = ++pass;
    const start = performance.now();
    const end = start + (deadline - start) * SHARE;
    const reads = [...daemons.values()].map((daemon) => daemon.read(end, () => pass === mine));
    await Promise.all(reads);
    // Where a daemon is in trouble, a VM that is not announced may be one of its.
    const states = [...daemons.values()].map(({ state }) => state);
    if (states.every((state) => state === 'up' || state === 'absent')) kit.speaker.listed();
    signal.throwIfAborted();
    return kit.builder.finish();
  }

  function sourceState(): 'absent' | 'denied' | 'up' {
    const states = [...daemons.values()].map(({ state }) => state);
    if (states.some((state) => state === 'up' || state === 'failing')) return 'up';
    return states.includes('denied') ? 'denied' : 'absent';
  }

  async function shutdown(): Promise<void> {
    virtDf?.close();
    for (const daemon of daemons.values()) daemon.close();
    daemons.clear();
    counts.close();
    domainCounts.close();
  }
}

function labelPathsOf({ labels }: Config, key: string): LabelPaths {
  const entries = Object.entries(labels).map(([label, text]) => {
    const path = parseLabelPath(text);
    if (path !== undefined) return [label, path] as const;
    const message = `"${text}" is no path below <metadata>; write it as instance/owner/project@uuid`;
    throw new ConfigError(`${key}::labels::${label}`, message);
  });
  return Object.fromEntries(entries);
}
