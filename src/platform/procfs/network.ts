import { countOf, lineEnd, numbersAcross } from '../file/bytes.ts';
import type { FileStore } from '../file/file-store.ts';
import { readTextOnce } from '../file/text.ts';

/** Counters of one network interface since it was made. */
export interface InterfaceStats {
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

/** What the kubelet leaves out: loopback and the host's ends of containers' links. */
const HIDDEN = /^(?:lo|veth|docker|nerdctl)/i;
const COLON = 58;
const COLUMNS = 16;
const columns = new Float64Array(COLUMNS);

/**
 * Reads /proc/<pid>/net/dev (proc(5)): the interfaces of that process' network namespace. The file
 * is not kept open, for an open one keeps the namespace alive. A line without all columns is left
 * out, as is an interface that the kubelet hides, or whose name reads like one before: a tenant may
 * give names that are no UTF-8.
 */
export function readInterfaces(path: string, files: FileStore): InterfaceStats[] {
  const end = files.readOnce(path);
  const bytes = files.buffer;
  const found = new Map<string, InterfaceStats>();
  for (let at = 0; at < end; ) {
    const next = lineEnd(bytes, at, end);
    const colon = bytes.indexOf(COLON, at);
    if (colon > 0 && colon < next) {
      const name = bytes.toString('utf8', at, colon).trim();
      const count = numbersAcross(bytes, colon + 1, next, columns);
      if (count === COLUMNS && !HIDDEN.test(name)) found.set(name, statsOf(name));
    }
    at = next + 1;
  }
  return [...found.values()];
}

function statsOf(name: string): InterfaceStats {
  const column = (index: number) => columns[index] as number;
  return {
    name,
    receivedBytes: column(0),
    receivedPackets: column(1),
    receiveErrors: column(2),
    receiveDropped: column(3),
    sentBytes: column(8),
    sentPackets: column(9),
    sendErrors: column(10),
    sendDropped: column(11),
  };
}

/** Columns of net/dev by the names that Kata has for them. */
const RECEIVED = ['bytes', 'packets', 'errs', 'drop', 'fifo', 'frame', 'compressed', 'multicast'];
const SENT = ['bytes', 'packets', 'errs', 'drop', 'fifo', 'colls', 'carrier', 'compressed'];
const NAMES = [...RECEIVED.map((name) => `recv_${name}`), ...SENT.map((name) => `sent_${name}`)];

/** All sixteen columns of <proc>/<pid>/net/dev by interface; a line that lacks some is left out. */
export function readNetworkColumns(
  proc: string,
  pid: number,
  files: FileStore,
): Map<string, Readonly<Record<string, number>>> {
  const found = new Map<string, Readonly<Record<string, number>>>();
  const text = readTextOnce(`${proc}/${pid}/net/dev`, files) ?? '';
  for (const line of text.split('\n')) {
    const [, name, rest] = /^\s*([^:\s]+):\s*([\d ]+)$/.exec(line) ?? [];
    const values = rest?.trim().split(/ +/) ?? [];
    if (name === undefined || values.length !== NAMES.length) continue;
    found.set(name, Object.fromEntries(NAMES.map((key, i) => [key, countOf(values[i])])));
  }
  return found;
}
