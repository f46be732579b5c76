import type { Host } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { ConfigError } from '../../errors.ts';
import { createLayers } from '../../helper/layers/layers.ts';
import { createLayerWalks } from '../../helper/layers/walks.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { createPacer, type Pacer } from '../../helper/pacer.ts';
import { createReceiverKit } from '../../helper/receiver/kit.ts';
import type { MetricsBuilder } from '../../helper/receiver/metrics-builder.ts';
import { createMetricFilter } from '../../helper/receiver/options.ts';
import { createRowTable } from '../../helper/receiver/row-table.ts';
import type { Scraper } from '../../helper/receiver/scraper-controller.ts';
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
import type { Config } from './config.ts';
import { createLayout } from './layout.ts';
import { createMembers, type Members } from './members.ts';
import { createSets, MACHINE_ROWS } from './sets/all.ts';
import type { MetricSet } from './sets/set.ts';
import { startOf } from './starts.ts';
import { type CgroupTree, createCgroupTree } from './tree.ts';

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
  const machineRows = machineTable.add(MACHINE_ROWS);
  const layers = createLayers({
    ...{ intervalMillis: config.writable_layer_interval, receiver, now: settings.now },
    ...{ said, failures },
  });
  const watcher = createDirectoryWatcher((directory) => tree.changed(directory));
  let tree: CgroupTree;
  let members: Members | undefined;
  let metricSets: readonly MetricSet[];
  let builder: MetricsBuilder;
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
    const kit = createReceiverKit(settings, service, voiced, said);
    const { speaker } = kit;
    builder = kit.builder;
    const ids = Object.freeze(readMachineIds(paths));
    machine = builder.recorder(machineTable.templates, ids, host.bootMillis ?? 0);
    metricSets = createSets({
      ...{ layout, files, paths, said, builder, table, layers, isEnabled },
      walks: createLayerWalks(paths, settings.now),
      told: speaker.writtenLayer,
      failed: () => failures.add(1),
      host: () => host,
    });
    const leftOut = telemetry.counter('sandgauge_source_left_out_cgroups', { source: receiver });
    members = createMembers({
      ...{ config, table, metricSets, speaker },
      context: {
        ...{ layout, files, builder, table },
        startOf: (member) => startOf(member, paths, host.bootMillis),
      },
      leftOut(path) {
        leftOut.add(1);
        const message = 'Too many cgroups; those that came last are left out';
        said.trouble('too many', message, { receiver, path });
      },
    });
    tree = createCgroupTree(layout.mounts, watcher, {
      ...members,
      failed(directory, error) {
        failures.add(1);
        said.trouble(directory, 'Cgroups cannot be listed', { receiver, error: error.message });
      },
    });
  }

  async function scrape(signal: AbortSignal): Promise<Point[]> {
    const pause = createPacer(signal);
    await refresh(settings.now(), pause);
    for (const set of metricSets) await set.prepare?.();
    const startedAt = settings.now();
    builder.begin(startedAt);
    pass++;
    for (const _ of members?.record(tree.root, pass, startedAt) ?? []) {
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

  async function shutdown(): Promise<void> {
    watcher.close();
    await layers.close();
    members?.close();
  }
}
