import * as z from 'zod/mini';

/** Counters of one interface of a sandbox' own network stack. */
interface GuestInterface {
  readonly name: string;
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly receiveErrors: number;
  readonly receiveDropped: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly sendErrors: number;
  readonly sendDropped: number;
}

/** What a build of runsc tells of one container; absent is unknown. Whose the figures are depends. */
export interface RunscEvent {
  /** ns; `runsc events` alone gives it, scaled by the cgroup of the whole sandbox. */
  readonly cpuNanos: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly processes: number | undefined;
  /** Interfaces of the sandbox, loopback left out; undefined in builds before 2024-04. */
  readonly interfaces: readonly GuestInterface[] | undefined;
}

/** An event with the CPU times of all running containers of the sandbox, in ns. */
export interface EventReply {
  readonly event: RunscEvent;
  readonly usageNanos: ReadonlyMap<string, number>;
}

const count = z._default(z.number(), 0);
const EVENT = z.object({
  data: z.object({
    cpu: z.object({ usage: z.object({ total: z.optional(z.number()) }) }),
    memory: z.object({ usage: z.object({ usage: z.optional(z.number()) }) }),
    pids: z.object({ current: z.optional(z.number()) }),
    network_interfaces: z.nullish(
      z.array(
        z.object({
          Name: z.string(),
          RxBytes: count,
          RxPackets: count,
          RxErrors: count,
          RxDropped: count,
          TxBytes: count,
          TxPackets: count,
          TxErrors: count,
          TxDropped: count,
        }),
      ),
    ),
  }),
});
const REPLY = z.object({ event: EVENT, containerUsage: z.record(z.string(), z.number()) });
const PROCESSES = z.array(z.object({ threads: z.nullish(z.array(z.number())) }));
const CONTROL_FILE = z.object({
  results: z.array(
    z.object({ value: z._default(z.string(), ''), is_error: z.optional(z.boolean()) }),
  ),
});

/** Reads a line of `runsc events` (runsc/boot/events.go). Throws an Error when it is none. */
export function parseEvent(json: unknown): RunscEvent {
  return eventOf(checked(EVENT, json, 'an event'));
}

/** Reads the result of containerManager.Event. */
export function parseEventReply(json: unknown): EventReply {
  const { event, containerUsage } = checked(REPLY, json, 'a result of containerManager.Event');
  return { event: eventOf(event), usageNanos: new Map(Object.entries(containerUsage)) };
}

/** Reads the result of containerManager.Processes: how many processes and threads there are. */
export function parseProcesses(json: unknown): { processes: number; threads: number } {
  const processes = checked(PROCESSES, json ?? [], 'a result of containerManager.Processes');
  const threads = processes.reduce((sum, each) => sum + (each.threads?.length ?? 1), 0);
  return { processes: processes.length, threads };
}

/** Reads the result of Cgroups.ReadControlFiles for one file: whether the guest has that file. */
export function hasControlFile(json: unknown): boolean {
  const { results } = checked(CONTROL_FILE, json, 'a result of Cgroups.ReadControlFiles');
  return results[0] !== undefined && !results[0].is_error;
}

function eventOf({ data }: z.infer<typeof EVENT>): RunscEvent {
  return {
    cpuNanos: data.cpu.usage.total,
    memoryBytes: data.memory.usage.usage,
    processes: data.pids.current,
    interfaces: data.network_interfaces
      ?.filter(({ Name }) => Name !== 'lo')
      .map((each) => ({
        name: each.Name,
        receivedBytes: each.RxBytes,
        receivedPackets: each.RxPackets,
        receiveErrors: each.RxErrors,
        receiveDropped: each.RxDropped,
        sentBytes: each.TxBytes,
        sentPackets: each.TxPackets,
        sendErrors: each.TxErrors,
        sendDropped: each.TxDropped,
      })),
  };
}

function checked<T>(schema: z.ZodMiniType<T>, json: unknown, what: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Error(`the reply is not ${what}: ${parsed.error.issues[0]?.path.join('.')} is wrong`);
}
