import type { Host } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { createLayers } from '../../helper/layers/layers.ts';
import { createLayerWalks } from '../../helper/layers/walks.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { createPacer, type Pacer } from '../../helper/pacer.ts';
import { createReceiverKit } from '../../helper/receiver/kit.ts';
import { LIFETIME_ROWS } from '../../helper/receiver/lifetime-rows.ts';
import type { MetricsBuilder } from '../../helper/receiver/metrics-builder.ts';
import { createMetricFilter } from '../../helper/receiver/options.ts';
import { createRowTable } from '../../helper/receiver/row-table.ts';
import type { Scraper } from '../../helper/receiver/scraper-controller.ts';
import type { Speaker } from '../../helper/receiver/speaker.ts';
import { createDirectoryWatcher } from '../../helper/watch-directories.ts';
import type { Point } from '../../pdata/point.ts';
import { parseHierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import { createFdBudget, defaultFdLimit } from '../../platform/file/fd-budget.ts';
import { createFileStore } from '../../platform/file/file-store.ts';
import { createRootedPaths } from '../../platform/file/rooted.ts';
import {
  isBelowPidNamespace,
  readHost,
  readMachineIds,
  readMountinfo,
} from '../../platform/procfs/host.ts';
import { parseCgroupPath } from '../../workload/cgroup-path.ts';
import type { MetricGroup } from '../../workload/voices.ts';
import { createBounds } from './bounds.ts';
import type { Config } from './config.ts';
import { createLayout } from './layout.ts';
import { createMember, type Member, type MemberContext } from './member.ts';
import { createOverheads } from './overheads.ts';
import { createSelection } from './selection.ts';
import { createSets, MACHINE_ROWS } from './sets/all.ts';
import type { MetricSet, SetReader } from './sets/set.ts';
import { startOf } from './starts.ts';
import { type CgroupNode, type CgroupTree, createCgroupTree } from './tree.ts';

/** A cgroup and how its sets are read: nothing until the first pass that reports it. */
interface Entry {
  readonly member: Member;
  readers: readonly (readonly [MetricGroup, SetReader])[];
  /** Groups that this receiver was granted, for the cgroup's life. */
  readonly granted: Set<MetricGroup>;
}

const RELIST_MILLIS = 60_000;

/** Makes the scraper of a host's cgroups. Throws ConfigError when there are none at `root_path`. */
export function createCgroupScraper(settings: Settings, config: Config): Scraper {
  const { telemetry } = settings;
  const { logger } = telemetry;
  const receiver = settings.id.text;
  const said = createLogOnce(logger);
  const failures = telemetry.counter('sandgauge_source_failures', { source: receiver });
  const paths = createRootedPaths(config.root_path);
  const files = createFileStore(createFdBudget(config.fd_budget || defaultFdLimit()), {
    failed(path, code) {
      failures.add(1);
      said.trouble(path, 'File cannot be read; its rows are absent', { receiver, path, code });
    },
    recovered: (path) => said.recovered(path, 'File can be read again', { receiver, path }),
    gone: said.forget,
  });
  const isEnabled = createMetricFilter(config);
  const table = createRowTable(isEnabled);
  const machineTable = createRowTable(isEnabled);
  const lifetime = table.add(LIFETIME_ROWS);
  const machineRows = machineTable.add(MACHINE_ROWS);
  const entries = new Map<CgroupNode, Entry>();
  const bounds = createBounds();
  const leftOut = telemetry.counter('sandgauge_source_left_out_cgroups', { source: receiver });
  const overheads = createOverheads();
  const memberOf = (node: CgroupNode) => entries.get(node)?.member;
  const selection = createSelection(config, (node) => identified(memberOf(node)));
  const layers = createLayers({
    ...{ intervalMillis: config.writable_layer_interval, receiver, now: settings.now },
    ...{ said, failures },
  });
  const watcher = createDirectoryWatcher((directory) => tree.changed(directory));
  let tree: CgroupTree;
  let context: MemberContext;
  let builder: MetricsBuilder;
  let metricSets: MetricSet[];
  let speaker: Speaker;
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
    if (isBelowPidNamespace(paths)) {
      throw new ConfigError(
        `receivers::${receiver}::root_path`,
        `the processes of "${config.root_path}" are in another PID namespace, so that those of a cgroup cannot be told; run in the host's (hostPID: true, --pid=host)`,
      );
    }
    const voiced = { voice: 'cgroup', runtimes: ['runc'], observer: config.observer } as const;
    ({ builder, speaker } = createReceiverKit(settings, service, voiced, said));
    const ids = Object.freeze(readMachineIds(paths));
    machine = builder.recorder(machineTable.templates, ids, host.bootMillis ?? 0);
    metricSets = createSets({
      ...{ layout, files, paths, said, builder, table, layers, isEnabled },
      walks: createLayerWalks(paths, settings.now),
      told: speaker.writtenLayer,
      failed: () => failures.add(1),
      host: () => host,
    });
    context = {
      ...{ layout, files, builder, table, memberOf, overheadsOf: overheads.of },
      startOf: (member) => startOf(member, paths, host.bootMillis),
    };
    tree = createCgroupTree(layout.mounts, watcher, {
      mayAdd,
      added: addMember,
      removed: removeMember,
      failed(directory, error) {
        failures.add(1);
        said.trouble(directory, 'Cgroups cannot be listed', { receiver, error: error.message });
      },
    });
  }

  function mayAdd(path: string): boolean {
    if (bounds.mayAdd(path)) return true;
    leftOut.add(1);
    said.trouble('too many', 'Too many cgroups; those that came last are left out', {
      receiver,
      path,
    });
    return false;
  }

  function addMember(node: CgroupNode): void {
    bounds.added(node.path);
    const workload = parseCgroupPath(node.path);
    const parent = parseCgroupPath(node.path.slice(0, node.path.lastIndexOf('/')) || '/');
    const isPartOfParent = parent.kind === 'container' && node.path.endsWith('/container');
    const member = createMember(context, node, workload, isPartOfParent);
    entries.set(node, { member, readers: [], granted: new Set() });
    overheads.added(member);
    speaker.announce(workload, { sinceMillis: node.modifiedMillis });
  }

  function removeMember(node: CgroupNode): void {
    const entry = entries.get(node);
    if (entry === undefined) return;
    bounds.removed(node.path);
    overheads.removed(entry.member);
    close(entry);
    speaker.withdraw(entry.member.workload);
    entries.delete(node);
  }

  async function scrape(signal: AbortSignal): Promise<Point[]> {
    const pause = createPacer(signal);
    await refresh(settings.now(), pause);
    for (const set of metricSets) await set.prepare?.();
    const startedAt = settings.now();
    builder.begin(startedAt);
    pass++;
    selection.begin(tree.root);
    // Parents come last: what they count holds all that was read of their children before.
    for (const entry of [...entries.values()].reverse()) {
      for (const _ of recordEntry(entry, startedAt)) if (pause.isDue()) await pause.now();
      if (pause.isDue()) await pause.now();
    }
    machineRows.record(machine, host);
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

  function* recordEntry(entry: Entry, now: number): Generator<void> {
    const { member } = entry;
    const { node, workload } = member;
    if (!entries.has(node) || member.isPartOfParent || !selection.hasPath(workload)) return;
    if (!identified(member)?.identity || !selection.hasRuntime(member)) return;
    if (entry.readers.length === 0) {
      entry.readers = metricSets.map((set) => [set.group, set.open(member)] as const);
    }
    let isUsed = false;
    for (const [group, reader] of entry.readers) {
      if (!maySpeak(entry, group)) continue;
      const result = reader.record(member.recorder, pass);
      const isRecorded = typeof result === 'boolean' ? result : yield* result;
      if (isRecorded && group === 'usage') isUsed = true;
    }
    const { start, recorder } = member;
    if (isUsed) lifetime.record(recorder(), { startMillis: start(), seenMillis: now });
  }

  function identified(member: Member | undefined): Member | undefined {
    if (member !== undefined) member.identity ??= speaker.identify(member.workload);
    return member;
  }

  function maySpeak({ member, granted }: Entry, group: MetricGroup): boolean {
    if (granted.has(group)) return true;
    const isGranted = speaker.maySpeak(member.workload, group);
    // A bare cgroup may turn out to be a container's: that is asked again.
    if (isGranted && member.workload.kind !== 'cgroup') granted.add(group);
    return isGranted;
  }

  function close({ member, readers }: Entry): void {
    for (const [, reader] of readers) reader.close();
    member.close();
  }

  async function shutdown(): Promise<void> {
    watcher.close();
    await layers.close();
    for (const entry of entries.values()) close(entry);
    entries.clear();
  }
}
