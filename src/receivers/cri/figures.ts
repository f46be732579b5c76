import { countOf, positiveOf, type Timed, timed } from '../../helper/cri/figures.ts';
import { layerOf } from '../../helper/cri/layer.ts';
import type { Read } from '../../platform/cri/message.ts';
import type {
  ContainerStats,
  CpuUsage,
  MemoryUsage,
  ProcessUsage,
  PsiStats,
  SwapUsage,
} from '../../platform/cri/stats.ts';

/** Memory in bytes; faults are counts. */
export interface Memory {
  readonly usage: number | undefined;
  readonly workingSet: number | undefined;
  readonly rss: number | undefined;
  readonly faults: number | undefined;
  readonly majorFaults: number | undefined;
}

/** Time lost to waiting, in seconds. */
export interface Pressure {
  readonly waiting: number | undefined;
  readonly stalled: number | undefined;
}

/** What the runtime tells of a container or pod, less what cannot be true; undefined is not known. */
export interface Figures {
  readonly cpuSeconds: Timed<number> | undefined;
  readonly memory: Timed<Memory> | undefined;
  readonly swapBytes: Timed<number> | undefined;
  readonly layer: ReturnType<typeof layerOf>;
  readonly cpuPressure: Timed<Pressure> | undefined;
  readonly memoryPressure: Timed<Pressure> | undefined;
  readonly ioPressure: Timed<Pressure> | undefined;
  readonly threads: Timed<number> | undefined;
}

type Stats = Pick<Read<typeof ContainerStats>, 'cpu' | 'memory' | 'io'> &
  Partial<Pick<Read<typeof ContainerStats>, 'swap' | 'writable_layer'>> & {
    readonly process?: Processes | undefined;
  };
type Processes = Read<typeof ProcessUsage>;
type Swap = Read<typeof SwapUsage>;

const NANOS_PER_SECOND = 1e9;

/** Reads the stats of a container or of a pod as a whole; `now` is the wall clock in ms. */
export function figuresOf(stats: Stats, now: number): Figures {
  const { cpu, memory, io, swap, writable_layer, process } = stats;
  return {
    cpuSeconds: timed(cpu, now, cpuOf),
    memory: timed(memory, now, memoryOf),
    swapBytes: timed(swap, now, ({ swap_usage_bytes }: Swap) => countOf(swap_usage_bytes)),
    layer: layerOf(writable_layer, now),
    cpuPressure: timed(cpu, now, pressureOf),
    memoryPressure: timed(memory, now, pressureOf),
    ioPressure: timed(io, now, pressureOf),
    threads: timed(process, now, ({ process_count }: Processes) => positiveOf(process_count)),
  };
}

/** Nanoseconds that were used; `usage_nano_cores` is an average over nobody knows what. */
function cpuOf({ usage_core_nano_seconds }: Read<typeof CpuUsage>): number | undefined {
  const nanos = positiveOf(usage_core_nano_seconds);
  return nanos === undefined ? undefined : nanos / NANOS_PER_SECOND;
}

/** `available_bytes` is not taken: without a limit it is 2^64 less the working set, or 0. */
function memoryOf(told: Read<typeof MemoryUsage>): Memory {
  const usage = positiveOf(told.usage_bytes);
  const workingSet = positiveOf(told.working_set_bytes);
  const faults = positiveOf(told.page_faults);
  const major = faults === undefined ? undefined : countOf(told.major_page_faults);
  return {
    usage,
    workingSet: (workingSet ?? 0) > (usage ?? Number.POSITIVE_INFINITY) ? undefined : workingSet,
    rss: positiveOf(told.rss_bytes),
    faults,
    majorFaults: major,
  };
}

/** The CRI cannot leave out a total: zero is no pressure, or no kernel that tells it. */
function pressureOf({ psi }: { readonly psi?: Read<typeof PsiStats> | undefined }): Pressure {
  return { waiting: secondsOf(psi?.Some?.Total), stalled: secondsOf(psi?.Full?.Total) };
}

function secondsOf(nanos: bigint | undefined): number | undefined {
  const count = positiveOf(nanos);
  return count === undefined ? undefined : count / NANOS_PER_SECOND;
}
