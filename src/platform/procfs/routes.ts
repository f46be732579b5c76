import { readText } from '../file/text.ts';

const UP = 0x1;
const REJECT = 0x200;

/**
 * The interface of the default route in the network namespace of a process: <proc>/<pid>/net/route for
 * IPv4, else ipv6_route (Documentation/networking, proc_net_*); of several the one of the lowest
 * metric. Undefined when there is none or it cannot be read. The files are not kept open, for an open
 * one keeps the namespace alive.
 */
export function readDefaultInterface(proc: string, pid: number): string | undefined {
  const net = `${proc}/${pid}/net`;
  return (
    parseDefaultRoute(readText(`${net}/route`) ?? '') ??
    parseDefaultRoute6(readText(`${net}/ipv6_route`) ?? '')
  );
}

/** Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT, the numbers in hex. */
function parseDefaultRoute(text: string): string | undefined {
  return lowest(
    text.split('\n').map((line) => {
      const [name = '', destination, , flags = '', , , metric, mask] = line.trim().split(/\s+/);
      const isDefault = destination === '00000000' && mask === '00000000';
      return { name, metric: Number(metric), isUsed: isDefault && isUp(flags) };
    }),
  );
}

/** Destination and length, source and length, next hop, metric, use counts, flags, device. */
function parseDefaultRoute6(text: string): string | undefined {
  return lowest(
    text.split('\n').map((line) => {
      const [destination = '', length, , , , metric = '', , , flags = '', name = ''] =
        line.split(/\s+/);
      const isDefault = /^0{32}$/.test(destination) && length === '00';
      return { name, metric: Number.parseInt(metric, 16), isUsed: isDefault && isUp(flags) };
    }),
  );
}

interface Route {
  readonly name: string;
  readonly metric: number;
  readonly isUsed: boolean;
}

function lowest(routes: readonly Route[]): string | undefined {
  return routes.filter(({ isUsed }) => isUsed).sort((a, b) => a.metric - b.metric)[0]?.name;
}

function isUp(flags: string): boolean {
  const bits = Number.parseInt(flags, 16);
  return (bits & UP) !== 0 && (bits & REJECT) === 0;
}
