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
  /** Threads of the container; in builds before 2023-08 processes of the whole sandbox. */
  readonly tasks: number | undefined;
  /** Interfaces of the sandbox, loopback left out; undefined in builds before 2024-04. */
  readonly interfaces: readonly GuestInterface[] | undefined;
}

/** An event with the CPU times of all running containers of the sandbox, in ns. */
export interface EventReply {
  readonly event: RunscEvent;
  readonly usageNanos: ReadonlyMap<string, number>;
}

/** As in kernel files: what wrapped around is no number, and no row comes of it. */
const UNLIMITED = 2 ** 62;
/** IFNAMSIZ less its NUL: netdevice(7). */
const MAX_NAME = 15;
const MAX_KEY = 100;

const number = z.pipe(
  z.number(),
  z.transform((value: number) => (value >= UNLIMITED ? Number.POSITIVE_INFINITY : value)),
);
/** What counters are made of; a wrong one spoils all that come after it. */
const nanos = z.number().check(z.gte(0), z.lt(UNLIMITED));
const INTERFACE = z.object({
  Name: z.string(),
  RxBytes: number,
  RxPackets: number,
  RxErrors: number,
  RxDropped: number,
  TxBytes: number,
  TxPackets: number,
  TxErrors: number,
  TxDropped: number,
});
const EVENT = z.object({
  data: z.object({
    cpu: z.object({ usage: z.object({ total: z.optional(nanos) }) }),
    memory: z.object({ usage: z.object({ usage: z.optional(number) }) }),
    pids: z.object({ current: z.optional(number) }),
    network_interfaces: z.nullish(z.array(z.unknown())),
  }),
});
const REPLY = z.object({ event: EVENT, containerUsage: z.record(z.string(), nanos) });
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
  const whole = data.network_interfaces?.flatMap((each) => INTERFACE.safeParse(each).data ?? []);
  const named = whole?.filter(({ Name }) => isName(Name)).map(interfaceOf);
  return {
    cpuNanos: data.cpu.usage.total,
    memoryBytes: data.memory.usage.usage,
    tasks: data.pids.current,
    // One of each name: two would be one series.
    interfaces: named && [...new Map(named.map((each) => [each.name, each])).values()],
  };
}

function interfaceOf(each: z.infer<typeof INTERFACE>): GuestInterface {
  return {
    name: each.Name,
    receivedBytes: each.RxBytes,
    receivedPackets: each.RxPackets,
    receiveErrors: each.RxErrors,
    receiveDropped: each.RxDropped,
    sentBytes: each.TxBytes,
    sentPackets: each.TxPackets,
    sendErrors: each.TxErrors,
    sendDropped: each.TxDropped,
  };
}

function checked<T>(schema: z.ZodMiniType<T>, json: unknown, what: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.').slice(0, MAX_KEY);
  throw new Error(`the reply is not ${what}: ${path} is wrong`);
}

/** A name that an interface can have, loopback left out: it becomes a label. */
function isName(name: string): boolean {
  return name !== 'lo' && Buffer.byteLength(name) <= MAX_NAME && name.isWellFormed();
}
