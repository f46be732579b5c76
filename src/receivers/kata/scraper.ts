import pLimit from 'p-limit';
import type { Host } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { createReceiverKit, type ReceiverKit } from '../../helper/receiver/kit.ts';
import { createMetricFilter } from '../../helper/receiver/options.ts';
import type { Scraper } from '../../helper/receiver/scraper-controller.ts';
import { createStateCounts } from '../../helper/source-state.ts';
import { createDirectoryWatcher } from '../../helper/watch-directories.ts';
import type { Point } from '../../pdata/point.ts';
import { parseHierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import { createFdBudget } from '../../platform/file/fd-budget.ts';
import { createFileStore } from '../../platform/file/file-store.ts';
import { createRootedPaths } from '../../platform/file/rooted.ts';
import type { SandboxFiles } from '../../platform/kata/sandboxes.ts';
import type { KataRuntime } from '../../platform/kata/state.ts';
import { readHost, readMountinfo } from '../../platform/procfs/host.ts';
import { readPageBytes } from '../../platform/procfs/page-size.ts';
import { createBundleIndex } from './bundles.ts';
import type { Config } from './config.ts';
import { createContainers } from './container-rows.ts';
import { createDescribe, createHostDescribe, createRawDescribe } from './describe.ts';
import { createDiscovery } from './discovery.ts';
import { createHostSide, NO_HOST_SIDE } from './host-side.ts';
import { createMonitor, type Monitor, monitorTarget } from './monitor.ts';
import { createOverhead } from './overhead.ts';
import { createPod } from './pod.ts';
import { createProcesses } from './processes.ts';
import { createSandboxReader } from './reader.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';

/** The sandboxes may take this part of the time that a collection has: the rest is for what follows. */
const SHARE = 0.8;

/** Makes the scraper of all Kata sandboxes of a host. Throws a ConfigError. */
export function createKataScraper(settings: Settings, config: Config): Scraper {
  const { telemetry, now } = settings;
  const receiver = settings.id.text;
  const said = createLogOnce(telemetry.logger);
  const labels = { source: receiver };
  const failures = telemetry.counter('sandgauge_source_failures', labels);
  const rejected = telemetry.counter('sandgauge_source_dropped_points', labels);
  const counts = createStateCounts(telemetry, 'sandgauge_source_sandboxes', labels);
  const target = monitorTarget(config.monitor_endpoint);
  const paths = createRootedPaths(config.root_path);
  const proc = paths.resolve('/proc');
  const files = createFileStore(createFdBudget(0), { failed() {}, recovered() {}, gone() {} });
  const hierarchies = parseHierarchies(readMountinfo(paths) ?? '', paths);
  const { metrics, families, metric_sets } = config;
  const isEnabled = createMetricFilter({ metrics, metric_sets: [...metric_sets, ...families] });
  const describe = (config.raw ? createRawDescribe : createDescribe)(isEnabled);
  const describeHost = createHostDescribe(isEnabled);
  const cgroupVersion = hierarchies.controller('cpuacct')?.version ?? 2;
  const pageBytes = readPageBytes(files);
  const containerOf = createContainers(isEnabled);
  const bundles = createBundleIndex(paths, config, said);
  const processes = createProcesses(proc, files);
  const limit = pLimit(config.max_concurrency);
  const sandboxes = new Map<string, Sandbox>();
  const watcher = createDirectoryWatcher(look);
  const listener = { added, removed, failed: () => failures.add(1) };
  const discovery = createDiscovery(paths, config.shim_directories, watcher, listener, said);
  let kit: ReceiverKit;
  let monitor: Monitor | undefined;
  let host = readHost(paths);
  let pass = 0;
  return { start, scrape, sourceState: discovery.state, shutdown };

  async function start(service: Host): Promise<void> {
    const voiced = { voice: 'kata', runtimes: ['kata'], observer: config.observer } as const;
    kit = createReceiverKit(settings, service, voiced, said);
    if (target !== undefined && families.includes('kata_monitor')) {
      const emitter = { runtime: 'go', cgroupVersion, pageBytes } as const;
      const { builder } = kit;
      const isReadable = (id: string) => sandboxes.get(id)?.judge().isReadable === true;
      const shared = { receiver, builder, describe, emitter, said, failures, counts, now };
      monitor = createMonitor({ target, isReadable, ...shared });
    }
    look();
  }

  function look(): void {
    discovery.look();
    if (sandboxes.size > 0) bundles.look();
    for (const [id, { pod }] of sandboxes) pod.look(bundles.of(id));
    if (discovery.isComplete()) kit.speaker.listed();
  }

  function added(found: SandboxFiles, runtime: KataRuntime): void {
    const { id, socketPath, startMillis } = found;
    const version = hierarchies.controller('memory')?.version ?? 2;
    const context = { ...kit, version, hostMemoryBytes: () => host.memoryBytes };
    const overhead = createOverhead(hierarchies, proc, id, files);
    const bootMillis = () => host.bootMillis;
    const sandbox = createSandbox({
      ...{ files: found, runtime, receiver, describe, describeHost, processes, rejected },
      ...{ said, failures, counts, now, builder: kit.builder },
      hypervisors: config.runtime_rs.hypervisors,
      emitter: { runtime, cgroupVersion, pageBytes },
      ask: createSandboxReader(id, socketPath, config.source, target),
      pod: createPod(id, kit.speaker, (each) => containerOf(context, each, startMillis)),
      hostSide: config.raw
        ? NO_HOST_SIDE
        : createHostSide({ id, proc, files, processes, overhead, bootMillis }),
    });
    sandboxes.set(id, sandbox);
  }

  function removed({ id }: SandboxFiles): void {
    sandboxes.get(id)?.close();
    sandboxes.delete(id);
  }

  async function scrape(signal: AbortSignal, _: unknown, deadline: number): Promise<Point[]> {
    look();
    host = readHost(paths);
    processes.forget();
    kit.builder.begin(now());
    const mine = ++pass;
    const isCurrent = () => pass === mine;
    const start = performance.now();
    const end = start + (deadline - start) * SHARE;
    const reads = inOrder().map((sandbox) =>
      limit(() =>
        sandbox.read(Math.min(end, performance.now() + config.sandbox_timeout), isCurrent),
      ),
    );
    tellUnread();
    if (monitor !== undefined) reads.push(monitor.read(end, isCurrent));
    await Promise.all(reads);
    signal.throwIfAborted();
    return kit.builder.finish();
  }

  /** Those that failed come last: they may hang. */
  function inOrder(): Sandbox[] {
    return [...sandboxes.values()].sort((a, b) => Number(b.isWell) - Number(a.isWell));
  }

  /** Those that are not read are said once for each hypervisor. */
  function tellUnread(): void {
    for (const [sandbox, each] of sandboxes) {
      const { isReadable, hypervisor } = each.judge();
      if (isReadable) continue;
      said.trouble(
        `hypervisor ${hypervisor}`,
        'Sandboxes of runtime-rs on this hypervisor are measured from the host only: to read them can end them',
        { hypervisor, sandbox, hint: 'runtime_rs.hypervisors' },
      );
    }
  }

  async function shutdown(): Promise<void> {
    watcher.close();
    for (const sandbox of sandboxes.values()) sandbox.close();
    sandboxes.clear();
    monitor?.close();
    counts.close();
  }
}
