import type { Host } from '../../component/component.ts';
import type { Settings } from '../../component/factory.ts';
import { PartialScrapeError } from '../../errors.ts';
import { createBackoff } from '../../helper/backoff.ts';
import { type Listed, listRunning } from '../../helper/cri/listing.ts';
import { createLayerPlaces } from '../../helper/cri/places.ts';
import { createSocketClient } from '../../helper/cri/socket.ts';
import { createLayerRows } from '../../helper/layers/rows.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { createReceiverKit, type ReceiverKit } from '../../helper/receiver/kit.ts';
import { createMetricFilter } from '../../helper/receiver/options.ts';
import type { Scraper } from '../../helper/receiver/scraper-controller.ts';
import type { Point } from '../../pdata/point.ts';
import { parseHierarchies } from '../../platform/cgroupfs/hierarchies.ts';
import { CriError } from '../../platform/cri/client.ts';
import { createRootedPaths } from '../../platform/file/rooted.ts';
import { readHost, readMountinfo } from '../../platform/procfs/host.ts';
import { createAnswers } from './answers.ts';
import type { Config } from './config.ts';
import { createMembers, type Member, type Members, RUNTIMES } from './members.ts';
import { readFigures } from './read.ts';
import { createRowSet } from './rows.ts';
import { createSubject, type Subject } from './subject.ts';

/** The runtime may take this part of the time that a collection has. */
const SHARE = 0.8;
/** Failures that a pass tells of. */
const MAX_TOLD = 3;

/** Makes the scraper of one container runtime. */
export function createCriScraper(settings: Settings, config: Config): Scraper {
  const { telemetry, now } = settings;
  const said = createLogOnce(telemetry.logger);
  const paths = createRootedPaths(config.root_path);
  const client = createSocketClient(config.cri_socket, config.root_path, 'cri_socket');
  const answers = createAnswers(client, now);
  const isEnabled = createMetricFilter(config);
  const rows = createRowSet(isEnabled);
  const layerRows = createLayerRows(isEnabled);
  const places = createLayerPlaces(paths);
  const version =
    parseHierarchies(readMountinfo(paths) ?? '', paths).controller('memory')?.version ?? 2;
  const subjects = new Map<Member, Subject>();
  const backoff = createBackoff();
  let kit: ReceiverKit;
  let members: Members;
  let host = readHost(paths);
  let trouble: Error | undefined;
  return { start, scrape, sourceState, failure, shutdown };

  async function start(service: Host): Promise<void> {
    const voiced = { voice: 'cri', runtimes: RUNTIMES, observer: config.observer } as const;
    kit = createReceiverKit(settings, service, voiced, said);
    // Not the present: what was counted before would be an increase since then.
    const earliest = () => host.bootMillis ?? now();
    members = createMembers({ client, speaker: kit.speaker, earliest, gone });
  }

  function gone(member: Member): void {
    subjects.get(member)?.close();
    subjects.delete(member);
  }

  async function scrape(
    signal: AbortSignal,
    partial: (error: PartialScrapeError) => void,
    deadline: number,
  ): Promise<Point[]> {
    const start = performance.now();
    const end = start + Math.min((deadline - start) * SHARE, config.runtime_timeout);
    host = readHost(paths);
    kit.builder.begin(now());
    if (backoff.mayTry(start)) await read(end, signal, partial);
    signal.throwIfAborted();
    return kit.builder.finish();
  }

  async function read(
    end: number,
    signal: AbortSignal,
    partial: (error: PartialScrapeError) => void,
  ): Promise<void> {
    try {
      const running = await listRunning(client, end);
      await members.update(running, end);
      const named = subjectsOf(members).filter((subject) => subject.isNamed());
      const record = await readFigures({
        ...{ answers, places, subjects: named, running: countOf(running), now, end },
      });
      signal.throwIfAborted();
      record();
      trouble = undefined;
      backoff.succeeded();
      const failures = answers.failures();
      if (failures.length > 0) partial(new PartialScrapeError(failures.slice(0, MAX_TOLD)));
    } catch (error) {
      signal.throwIfAborted();
      trouble = error as Error;
      backoff.failed(performance.now());
      // Nothing runs by a runtime that is not there.
      if (isAbsent()) kit.speaker.listed();
    }
    tell();
  }

  function subjectsOf(all: Members): Subject[] {
    const context = {
      ...{ builder: kit.builder, speaker: kit.speaker, rows, layerRows, places, version },
      hostMemoryBytes: () => host.memoryBytes,
    };
    const own = [...all.all()].filter(({ isTrue }) => isTrue);
    return own.map((member) => {
      const subject = subjects.get(member) ?? createSubject(context, member);
      subjects.set(member, subject);
      return subject;
    });
  }

  function tell(): void {
    const { path } = client;
    if (isAbsent()) said.trouble('absent', 'No container runtime is there', { path });
    else if (trouble === undefined) said.recovered('absent', 'The runtime is there', { path });
  }

  function isAbsent(): boolean {
    return trouble instanceof CriError && trouble.failure === 'absent';
  }

  function sourceState(): 'absent' | 'up' {
    return isAbsent() ? 'absent' : 'up';
  }

  function failure(): Error | undefined {
    return isAbsent() ? undefined : trouble;
  }

  async function shutdown(): Promise<void> {
    client.close();
  }
}

function countOf(running: ReadonlyMap<string, Listed>) {
  const pods = [...running.values()].filter(({ isSandbox }) => isSandbox).length;
  return { pods, containers: running.size - pods };
}
