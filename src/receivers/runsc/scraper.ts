import { PROCESS } from '../../catalog/process.ts';
import type { Host } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { findStorage } from '../../helper/find-storage.ts';
import { createLayers } from '../../helper/layers/layers.ts';
import { createLayerWalks } from '../../helper/layers/walks.ts';
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
import { readHost, readMountinfo } from '../../platform/procfs/host.ts';
import { isSandboxAlive } from '../../platform/runsc/process.ts';
import type { StateFile } from '../../platform/runsc/roots.ts';
import type { Config } from './config.ts';
import { type Container, createContainers } from './container.ts';
import { type CpuKeeper, openCpuKeeper } from './cpu-keeper.ts';
import { createDiscovery } from './discovery.ts';
import { createHostCpu } from './host-cpu.ts';
import { factsOfState, workloadOf } from './identity.ts';
import { createInterfaceReader, type InterfaceReader } from './interfaces.ts';
import { type KeptLife, keptLifeOf } from './kept-cpu.ts';
import type { Transport } from './sample.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';
import { type ContainerState, isRoot } from './state.ts';
import { createTransports } from './transport.ts';

interface Entry {
  readonly sandbox: Sandbox;
  readonly transport: Transport;
  readonly interfaces: InterfaceReader;
  readonly containers: Map<string, Container>;
}

/** A sandbox may take this part of the time that a collection has: the rest is for what follows. */
const SHARE = 0.8;

/** Makes the scraper of all gVisor sandboxes of a host. */
export function createRunscScraper(settings: Settings, config: Config): Scraper {
  const { telemetry, now } = settings;
  const receiver = settings.id.text;
  const said = createLogOnce(telemetry.logger);
  const labels = { source: receiver };
  const failures = telemetry.counter('sandgauge_source_failures', labels);
  const counts = createStateCounts(telemetry, 'sandgauge_source_sandboxes', labels);
  const paths = createRootedPaths(config.root_path);
  const proc = paths.resolve('/proc');
  const files = createFileStore(createFdBudget(0), { failed() {}, recovered() {}, gone() {} });
  const isEnabled = createMetricFilter(config);
  const wantsProcesses =
    isEnabled(PROCESS.container_processes) || isEnabled(PROCESS.container_threads);
  const hierarchies = parseHierarchies(readMountinfo(paths) ?? '', paths);
  const transportOf = createTransports(config, {
    ...{ paths, wantsProcesses },
    openHostCpu: () => createHostCpu(hierarchies, proc, files),
    cores: () => host.cores,
    misfit: (sandbox) =>
      telemetry.logger.warn('What was stored of a sandbox does not fit it: its CPU begins anew', {
        ...{ receiver, sandbox },
      }),
  });
  const containerOf = createContainers(isEnabled);
  const layers = createLayers({
    ...{ intervalMillis: config.writable_layer_interval, receiver, now },
    ...{ said, failures },
  });
  const layerSources = { layers, walks: createLayerWalks(paths, now), proc, files };
  const entries = new Map<string, Entry>();
  const watcher = createDirectoryWatcher(look);
  const listener = { added, removed, failed: () => failures.add(1) };
  const discovery = createDiscovery(paths, config.roots, watcher, listener, said);
  let kit: ReceiverKit;
  let keeper: CpuKeeper | undefined;
  let host = readHost(paths);
  let pass = 0;
  return { start, scrape, sourceState: discovery.state, shutdown };

  async function start(service: Host): Promise<void> {
    if (config.storage !== '') keeper = await openKeeper(service);
    const voiced = { voice: 'runsc', runtimes: ['runsc'], observer: config.observer } as const;
    kit = createReceiverKit(settings, service, voiced, said);
    look();
  }

  function openKeeper(service: Host): Promise<CpuKeeper> {
    const storage = findStorage(service, config.storage, `receivers::${receiver}::storage`);
    return openCpuKeeper(storage, {
      ...{ receiver, said, failures },
      isAlive: ({ pid, id }) => isSandboxAlive(proc, pid, id, files),
    });
  }

  function look(): void {
    discovery.look();
    if (discovery.isComplete()) kit.speaker.listed();
  }

  function added(state: ContainerState, { root }: StateFile): void {
    const { containerId } = state;
    const life = lifeOf(state);
    const facts = factsOfState(state);
    const workload = workloadOf(state, facts);
    const entry = entries.get(life) ?? createEntry(state, root);
    entries.set(life, entry);
    const version = hierarchies.controller('memory')?.version ?? 2;
    const context = { ...kit, version, hostMemoryBytes: () => host.memoryBytes, layerSources };
    entry.containers.set(containerId, containerOf(context, state, workload));
    kit.speaker.announce(workload, { facts });
  }

  function createEntry(state: ContainerState, root: string): Entry {
    const { sandboxId: id } = state;
    const transport = transportOf(state, root);
    const isAlive = (each: ContainerState) => isSandboxAlive(proc, each.sandboxPid, id, files);
    return {
      sandbox: createSandbox({ id, receiver, transport, isAlive, said, failures, counts }),
      ...{ transport, interfaces: createInterfaceReader(proc, files), containers: new Map() },
    };
  }

  function removed(state: ContainerState): void {
    const { containerId } = state;
    const entry = entries.get(lifeOf(state));
    const container = entry?.containers.get(containerId);
    if (entry === undefined || container === undefined) return;
    container.close();
    kit.speaker.withdraw(container.workload);
    entry.containers.delete(containerId);
    if (entry.containers.size > 0) return;
    entry.sandbox.close();
    entries.delete(lifeOf(state));
  }

  async function scrape(signal: AbortSignal, _: unknown, deadline: number): Promise<Point[]> {
    look();
    host = readHost(paths);
    kit.builder.begin(now());
    const mine = ++pass;
    const end = performance.now() + (deadline - performance.now()) * SHARE;
    const reads = [...entries.values()].map((entry) => read(entry, end, () => pass === mine));
    await Promise.all(reads);
    signal.throwIfAborted();
    await keeper?.save([...entries.values()].flatMap(keptOf), deadline);
    return kit.builder.finish();
  }

  /** Sandboxes are read side by side; each answer is recorded when it comes. */
  async function read(entry: Entry, end: number, isCurrent: () => boolean): Promise<void> {
    const states = rootFirst(entry);
    resume(entry, states);
    const sample = await entry.sandbox.read(states, end);
    if (sample === undefined || !isCurrent()) return;
    const time = now();
    kit.builder.at(time);
    for (const [id, values] of sample.containers) {
      const container = entry.containers.get(id);
      if (container === undefined) continue;
      container.record(values, time);
      if (!isRoot(container.state)) continue;
      container.recordInterfaces(entry.interfaces.read(container.state, sample.interfaces));
    }
  }

  /** What was counted before the state of the sandbox itself could be read stays. */
  function resume({ transport }: Entry, [first]: readonly ContainerState[]): void {
    if (keeper === undefined || first === undefined || !isRoot(first)) return;
    const kept = keeper.take(first);
    if (kept !== undefined && transport.kept() === undefined) transport.resume(kept);
  }

  async function shutdown(): Promise<void> {
    watcher.close();
    await layers.close();
    for (const { sandbox } of entries.values()) sandbox.close();
    entries.clear();
    counts.close();
    await keeper?.close();
  }
}

/** A sandbox that is made anew under its old id counts from zero. */
function lifeOf({ sandboxId, sandboxPid }: ContainerState): string {
  return `${sandboxPid} ${sandboxId}`;
}

function keptOf(entry: Entry): KeptLife[] {
  const cpu = entry.transport.kept();
  const life = cpu && keptLifeOf(rootFirst(entry), cpu);
  return life === undefined ? [] : [life];
}

function rootFirst({ containers }: Entry): ContainerState[] {
  const states = [...containers.values()].map(({ state }) => state);
  return states.sort((a, b) => Number(isRoot(b)) - Number(isRoot(a)));
}
