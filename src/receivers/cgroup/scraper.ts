import type { Host } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { createMetricsBuilder, type MetricsBuilder } from '../../helper/metrics-builder.ts';
import { createPacer, type Pacer } from '../../helper/pacer.ts';
import type { Scraper } from '../../helper/scraper-controller.ts';
import { createDirectoryWatcher } from '../../helper/watch.ts';
import type { Point } from '../../pdata/point.ts';
import { readPids } from '../../platform/cgroupfs/directory.ts';
import { parseHierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import { createFdBudget, defaultFdLimit } from '../../platform/file/fd-budget.ts';
import { createFileStore } from '../../platform/file/file-store.ts';
import { createRootedPaths } from '../../platform/file/rooted.ts';
import {
  readHost,
  readMachineIds,
  readMountinfo,
  readProcessStart,
  readSwapUsed,
} from '../../platform/procfs/host.ts';
import { parseCgroupPath } from '../../workload/cgroup-path.ts';
import { isWorkloadObserver, type WorkloadObserver } from '../../workload/observer.ts';
import type { Config } from './config.ts';
import { createLayout } from './layout.ts';
import { createMember, type Member, type MemberContext } from './member.ts';
import { createRowTable } from './rows.ts';
import { isPartOfParent, isSelected, rawMode } from './selection.ts';
import { type CgroupNode, type CgroupTree, createCgroupTree } from './tree.ts';

const RELIST_MILLIS = 60_000;

/** Makes the scraper of a host's cgroups. Throws ConfigError when there are none at `root_path`. */
export function createCgroupScraper(settings: Settings, config: Config): Scraper {
  const { telemetry } = settings;
  const { logger } = telemetry;
  const receiver = settings.id.text;
  const said = createLogOnce(logger);
  const paths = createRootedPaths(config.root_path);
  const rows = createRowTable(config);
  const members = new Map<CgroupNode, Member>();
  const files = createFileStore(createFdBudget(config.fd_budget || defaultFdLimit()), {
    failed: (path, code) =>
      said.trouble(path, 'File cannot be read; its rows are absent', { receiver, path, code }),
    recovered: (path) => said.recovered(path, 'File can be read again', { receiver, path }),
  });
  const watcher = createDirectoryWatcher((directory) => tree.changed(directory));
  let tree: CgroupTree;
  let context: MemberContext;
  let builder: MetricsBuilder;
  let observer: WorkloadObserver | undefined;
  let host = readHost(paths);
  let pass = 0;
  let relisted = 0;
  let machine: ReturnType<MetricsBuilder['recorder']>;
  return { start, scrape, shutdown };

  async function start(service: Host): Promise<void> {
    const layout = createLayout(parseHierarchies(readMountinfo(paths) ?? '', paths));
    if (layout.mounts.length === 0) {
      throw new ConfigError(
        `receivers::${receiver}::root_path`,
        `no cgroup file system is mounted below "${config.root_path}" (looked in proc/1/mountinfo and proc/self/mountinfo); set it to where the host's / is`,
      );
    }
    observer = findObserver(service);
    observer?.register('cgroup', ['runc']);
    const dropped = telemetry.counter('sandgauge_source_dropped_points', { source: receiver });
    builder = createMetricsBuilder(rows.templates, service.resource, dropped);
    machine = builder.recorder(Object.freeze(readMachineIds(paths)), host.bootMillis ?? 0);
    context = {
      layout,
      files,
      swapUsed: () => readSwapUsed(paths),
      memberOf: (node) => members.get(node),
    };
    tree = createCgroupTree(layout.mounts, watcher, {
      added: addMember,
      removed: removeMember,
      failed: (directory, error) =>
        said.trouble(directory, 'Cgroups cannot be listed', { receiver, error: error.message }),
    });
  }

  function findObserver(service: Host): WorkloadObserver | undefined {
    const extension = service.extension(config.observer);
    if (isWorkloadObserver(extension)) return extension;
    said.trouble('observer', 'No workload_observer is configured: series carry ids only', {
      receiver,
    });
    return undefined;
  }

  function addMember(node: CgroupNode): void {
    const workload = parseCgroupPath(node.path);
    const identity = observer?.announce(workload) ?? Object.freeze({ id: node.path });
    members.set(node, createMember(context, node, workload, identity));
  }

  function removeMember(node: CgroupNode): void {
    const member = members.get(node);
    if (member === undefined) return;
    member.close();
    if (member.recorder !== undefined) builder.drop(member.recorder);
    observer?.withdraw(member.workload);
    members.delete(node);
  }

  async function scrape(signal: AbortSignal): Promise<Point[]> {
    const pause = createPacer(signal);
    await refresh(settings.now(), pause);
    const startedAt = settings.now();
    builder.begin(startedAt);
    pass++;
    const mode = rawMode(config, tree.root);
    for (const member of [...members.values()]) {
      if (isSelected(member.workload, mode, config.raw_units)) recordMember(member, startedAt);
      if (pause.isDue()) await pause.now();
    }
    rows.recordMachine(machine, host);
    return builder.finish();
  }

  async function refresh(now: number, pause: Pacer): Promise<void> {
    const isDue = now - relisted >= RELIST_MILLIS;
    if (isDue) {
      files.retryAbsent();
      host = readHost(paths);
    }
    for (const _ of tree.refresh(isDue)) if (pause.isDue()) await pause.now();
    if (isDue) relisted = now;
  }

  function recordMember(member: Member, now: number): void {
    const { node, workload } = member;
    if (!members.has(node) || isCrunChild(node)) return;
    if (observer !== undefined && observer.claim('cgroup', workload, 'usage') !== 'granted') return;
    const cpu = rows.hasCpu ? member.readCpu(pass) : undefined;
    const memory = rows.hasMemory ? member.readMemory(pass) : undefined;
    if (cpu === undefined && memory === undefined) return;
    if (member.recorder === undefined) {
      member.startMillis = startOf(node, workload.kind === 'container');
      member.recorder = builder.recorder(member.identity, member.startMillis);
    }
    if (cpu !== undefined) rows.recordCpu(member.recorder, cpu);
    if (memory !== undefined) rows.recordMemory(member.recorder, memory);
    rows.recordLifetime(member.recorder, { startMillis: member.startMillis, seenMillis: now });
  }

  function isCrunChild(node: CgroupNode): boolean {
    if (!node.path.endsWith('/container')) return false;
    const parent = parseCgroupPath(node.path.slice(0, -'/container'.length));
    return isPartOfParent(parseCgroupPath(node.path), parent);
  }

  function startOf(node: CgroupNode, isContainer: boolean): number {
    const boot = host.bootMillis;
    if (node.path === '/') return boot ?? node.modifiedMillis;
    if (!isContainer || boot === undefined) return node.modifiedMillis;
    const starts = pidsOf(node).map((pid) => readProcessStart(paths, pid, boot));
    const known = starts.filter((start) => start !== undefined);
    return known.length > 0 ? Math.min(...known) : node.modifiedMillis;
  }

  function pidsOf(node: CgroupNode): number[] {
    const own = node.directories.flatMap((path) => (path === undefined ? [] : readPids(path)));
    return own.concat(...[...node.children.values()].map(pidsOf));
  }

  async function shutdown(): Promise<void> {
    watcher.close();
    for (const member of members.values()) member.close();
    members.clear();
  }
}
