import type { Counter } from '../../component/telemetry.ts';
import type { LogOnce } from '../../helper/log-once.ts';
import type { MetricsBuilder } from '../../helper/receiver/metrics-builder.ts';
import { createSource, type Source, type StateCounts } from '../../helper/source-state.ts';
import type { Labels } from '../../pdata/series.ts';
import type { Head } from '../../platform/kata/head.ts';
import type { SandboxFiles } from '../../platform/kata/sandboxes.ts';
import {
  type HypervisorState,
  type KataRuntime,
  readHypervisor,
} from '../../platform/kata/state.ts';
import type { Facts } from '../../workload/facts.ts';
import { createSeriesBook, type Described, type DescribeHead, type SeriesBook } from './book.ts';
import type { Emitter } from './conversions.ts';
import type { Describe } from './describe.ts';
import { createGuestReader } from './guest.ts';
import type { HostSide } from './host-side.ts';
import type { Pod } from './pod.ts';
import type { Processes } from './processes.ts';
import type { Reading, SandboxReader } from './reader.ts';
import { judge, type Verdict } from './safety.ts';

/** One sandbox as a source of its own: what happens to it costs no other. */
export interface Sandbox {
  readonly files: SandboxFiles;
  readonly pod: Pod;
  /** Whether its last read went well, or there was none: those that hang are asked last. */
  readonly isWell: boolean;
  /** What its files tell now; undefined until they tell whether it may be read. */
  judge(): Verdict;
  /** Asks it and records what came, if the pass still waits; never rejects. */
  read(deadline: number, isCurrent: () => boolean): Promise<void>;
  close(): void;
}

/** What a sandbox is made with. */
export interface SandboxOptions {
  readonly files: SandboxFiles;
  readonly runtime: KataRuntime;
  readonly receiver: string;
  readonly hypervisors: readonly string[];
  readonly builder: MetricsBuilder;
  readonly describe: Describe;
  readonly describeHost: DescribeHead;
  readonly emitter: Emitter;
  readonly ask: SandboxReader;
  readonly pod: Pod;
  readonly processes: Processes;
  readonly hostSide: HostSide;
  readonly said: LogOnce;
  readonly failures: Counter;
  readonly rejected: Counter;
  readonly counts: StateCounts;
  now(): number;
}

/** Names may come after the socket, but not long after. */
const NAMES_MILLIS = 2000;

/** Makes the source; it is asked by one at a time. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const { files, runtime, receiver, builder, pod, hostSide } = options;
  const { said, failures, counts, now } = options;
  const { id } = files;
  const source: Source = createSource({
    ...{ said, failures, counts, key: `sandbox ${id}`, fields: { receiver, sandbox: id } },
    messages: {
      failed: 'Sandbox cannot be read; its rows are absent',
      recovered: 'Sandbox can be read again',
    },
  });
  const seen = now();
  const readGuest = createGuestReader();
  let hypervisor: HypervisorState | undefined;
  let verdict: Verdict | undefined;
  let facts: Facts | undefined;
  let book: SeriesBook | undefined;
  let types: Reading['types'] = new Map();
  return {
    ...{ files, pod, judge: judged, read, close },
    get isWell() {
      return source.error === undefined;
    },
  };

  /** A sandbox stays on its hypervisor: looked at until its files tell. */
  function judged(): Verdict {
    if (verdict !== undefined && hypervisor !== undefined) return verdict;
    hypervisor = readState() ?? hypervisor;
    const commands = runtime === 'go' ? [] : options.processes.commandsOf(id);
    verdict = judge(runtime, hypervisor, commands, options.hypervisors);
    return verdict;
  }

  function readState(): HypervisorState | undefined {
    try {
      const state = readHypervisor(files.directory, runtime);
      said.recovered(`state ${id}`, 'State of the sandbox can be used again', { sandbox: id });
      return state;
    } catch (error) {
      said.trouble(`state ${id}`, 'State of the sandbox cannot be used', {
        sandbox: id,
        error: (error as Error).message,
      });
      return undefined;
    }
  }

  async function read(deadline: number, isCurrent: () => boolean): Promise<void> {
    const reading = judged().isReadable ? await ask(deadline) : undefined;
    if (!isCurrent()) return;
    const time = now();
    builder.at(time);
    pod.recordSpecs();
    const into = bookOf(time);
    if (into === undefined) return;
    into.begin();
    const guest = reading && readGuest(reading.rows.numbers);
    if (reading !== undefined) {
      types = reading.types;
      options.rejected.add(reading.rejected);
      into.record(reading.rows, describe);
    }
    const has = (head: Head) => into.has(head, options.describeHost);
    into.record(hostSide.read({ hypervisor, guest, time, has }), options.describeHost);
    if (guest !== undefined) pod.record(guest);
  }

  async function ask(deadline: number): Promise<Reading | undefined> {
    // One whose turn comes too late has not failed.
    if (!source.mayTry() || performance.now() >= deadline) return undefined;
    try {
      const reading = await options.ask(deadline);
      source.succeeded();
      return reading;
    } catch (error) {
      source.failed(error as Error);
      return undefined;
    }
  }

  /** The series bear the pod's names: made anew if those come late. */
  function bookOf(time: number): SeriesBook | undefined {
    const known = pod.facts();
    if (known === undefined && book === undefined && time - seen < NAMES_MILLIS) return undefined;
    if (book !== undefined && (known === undefined || known === facts)) return book;
    book?.close();
    facts = known;
    book = createSeriesBook(builder, labelsOf(id, known), files.startMillis);
    return book;
  }

  function describe(head: Head): Described | undefined {
    return options.describe(head, options.emitter, types);
  }

  function close(): void {
    book?.close();
    pod.close();
    hostSide.close();
    source.close();
    said.forget(`state ${id}`);
  }
}

/** The labels that kata-monitor adds. */
function labelsOf(id: string, facts: Facts | undefined): Labels {
  return Object.freeze({
    sandbox_id: id,
    cri_uid: facts?.podUid ?? '',
    cri_name: facts?.names.pod ?? '',
    cri_namespace: facts?.names.namespace ?? '',
  });
}
