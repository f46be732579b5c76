import type { Sample } from '../../platform/kata/exposition.ts';
import type { Head } from '../../platform/kata/head.ts';
import type { InterfaceStats } from '../../platform/procfs/network.ts';
import { isTold } from './conversions.ts';

/** What the guest's kernel counts for the sandbox as a whole: seconds and bytes. */
export interface GuestFigures {
  readonly userSeconds: number | undefined;
  readonly systemSeconds: number | undefined;
  /** User and system, which hold what a guest of the guest used. */
  readonly busySeconds: number | undefined;
  readonly usageBytes: number | undefined;
  readonly workingSetBytes: number | undefined;
  readonly rssBytes: number | undefined;
  readonly cacheBytes: number | undefined;
  readonly mappedBytes: number | undefined;
  readonly swapBytes: number | undefined;
  readonly faults: number | undefined;
  readonly majorFaults: number | undefined;
  /** Of Kata's agent, which is in the figures above. */
  readonly agentSeconds: number | undefined;
  readonly agentBytes: number | undefined;
  /** Without the loopback. */
  readonly interfaces: readonly InterfaceStats[];
}

/** Finds the figures among the rows of one source, looking at each head once. */
export type GuestReader = (numbers: readonly Sample[]) => GuestFigures;

const ITEMS = ['kata_guest_meminfo', 'kata_guest_vm_stat'];
const PLAIN = ['kata_agent_total_time', 'kata_agent_total_rss'];
const NETDEV = 'kata_guest_netdev_stat';
/** IFNAMSIZ, less the NUL. */
const MAX_DEVICE = 15;
const MILLIS = 1000;
const USER = ['user', 'nice'];
const SYSTEM = ['system', 'irq', 'softirq'];

interface Place {
  readonly key: string;
  readonly device: string | undefined;
}

/** Makes the reader of one source. */
export function createGuestReader(): GuestReader {
  const places = new WeakMap<Head, Place | 'other'>();
  return read;

  function read(numbers: readonly Sample[]): GuestFigures {
    const values = new Map<string, number>();
    const devices = new Map<string, Map<string, number>>();
    for (const { head, value } of numbers) {
      let place = places.get(head);
      if (place === undefined) {
        place = placeOf(head) ?? 'other';
        places.set(head, place);
      }
      if (place === 'other' || !isTold(value)) continue;
      const { key, device } = place;
      if (device === undefined) values.set(key, value);
      else devices.set(device, (devices.get(device) ?? new Map()).set(key, value));
    }
    return figuresOf(values, devices);
  }
}

function placeOf({ name, labels }: Head): Place | undefined {
  const { item = '', cpu, interface: device } = labels;
  if (name === NETDEV) {
    const isReal = device !== undefined && device !== 'lo' && device.length <= MAX_DEVICE;
    return isReal ? { key: item, device } : undefined;
  }
  const isTotal = name === 'kata_guest_cpu_time' && cpu === 'total';
  if (isTotal) return { key: `cpu ${item}`, device: undefined };
  if (ITEMS.includes(name)) return { key: item, device: undefined };
  return PLAIN.includes(name) ? { key: name, device: undefined } : undefined;
}

type Values = ReadonlyMap<string, number>;

function figuresOf(values: Values, devices: ReadonlyMap<string, Values>): GuestFigures {
  const value = (key: string) => values.get(key);
  return {
    userSeconds: secondsOf(values, USER),
    systemSeconds: secondsOf(values, SYSTEM),
    busySeconds: secondsOf(values, [...USER, ...SYSTEM]),
    usageBytes: difference(value('mem_total'), value('mem_free')),
    workingSetBytes: difference(value('mem_total'), value('mem_available')),
    rssBytes: value('anon_pages'),
    cacheBytes: value('cached'),
    mappedBytes: value('mapped'),
    swapBytes: difference(value('swap_total'), value('swap_free')),
    faults: value('pgfault'),
    majorFaults: value('pgmajfault'),
    agentSeconds: value('kata_agent_total_time'),
    agentBytes: value('kata_agent_total_rss'),
    interfaces: [...devices].map(statsOf).filter((stats) => stats !== undefined),
  };
}

/** Undefined unless all of them are there. */
function secondsOf(values: Values, modes: readonly string[]): number | undefined {
  const millis = modes.map((mode) => values.get(`cpu ${mode}`));
  const total = millis.reduce(sum, 0);
  return total === undefined ? undefined : total / MILLIS;
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

function difference(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b > a ? undefined : a - b;
}

function statsOf([name, values]: readonly [string, Values]): InterfaceStats | undefined {
  const value = (key: string) => values.get(key) ?? Number.NaN;
  const stats = {
    ...{ receivedBytes: value('recv_bytes'), receivedPackets: value('recv_packets') },
    ...{ receiveErrors: value('recv_errs'), receiveDropped: value('recv_drop') },
    ...{ sentBytes: value('sent_bytes'), sentPackets: value('sent_packets') },
    ...{ sendErrors: value('sent_errs'), sendDropped: value('sent_drop') },
  };
  return Object.values(stats).some(Number.isNaN) ? undefined : { name, ...stats };
}
