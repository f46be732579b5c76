import { lineEnd, numberAt } from '../file/bytes.ts';
import type { FileStore, StoredFile } from '../file/file-store.ts';
import type { DeviceIo, IoReader } from './io.ts';
import { type Absentable, closeAll } from './value.ts';

/** Files that tell the same of one policy, in cAdvisor's order of preference. */
interface Policy {
  readonly bytes: string;
  readonly operations: string;
  readonly merged?: string;
  readonly time?: string;
  readonly queued?: string;
}

const POLICIES: readonly Policy[] = [
  { ...recursive('bfq.'), ...debug('bfq.') },
  { ...recursive(''), ...debug('') },
  recursive('throttle.'),
  { bytes: 'blkio.throttle.io_service_bytes', operations: 'blkio.throttle.io_serviced' },
];

function recursive(policy: string): Policy {
  return {
    bytes: `blkio.${policy}io_service_bytes_recursive`,
    operations: `blkio.${policy}io_serviced_recursive`,
  };
}

function debug(policy: string): Partial<Policy> {
  return {
    merged: `blkio.${policy}io_merged_recursive`,
    time: `blkio.${policy}io_service_time_recursive`,
    queued: `blkio.${policy}io_queued_recursive`,
  };
}

const NANOS = 1e9;

/** What one file says of one device; `Total` covers all directions. */
interface Directions {
  read: Absentable;
  write: Absentable;
  total: Absentable;
}

type ByDevice = Map<number, Directions>;

/**
 * cgroup v1 (kernel Documentation/admin-guide/cgroup-v1/blkio-controller.rst). The first policy
 * that lists a device is kept for the reader's life. A device whose counts are all 0 is left out:
 * throttle.* count only where a rule is set, so a 0 there says nothing.
 */
export function openIoV1(directory: string, files: FileStore): IoReader {
  const open = (name: string | undefined) =>
    name === undefined ? undefined : files.open(`${directory}/${name}`);
  let candidates = POLICIES.map((policy) => ({
    bytes: open(policy.bytes),
    operations: open(policy.operations),
    merged: open(policy.merged),
    time: open(policy.time),
    queued: open(policy.queued),
  }));
  return {
    read,
    close() {
      for (const candidate of candidates) closeAll(Object.values(candidate));
    },
  };

  function read(): DeviceIo[] {
    for (const candidate of candidates) {
      const bytes = table(candidate.bytes);
      if (bytes.size === 0) continue;
      if (candidates.length > 1) {
        for (const other of candidates) if (other !== candidate) closeAll(Object.values(other));
        candidates = [candidate];
      }
      return join(bytes, candidate);
    }
    return [];
  }

  function join(bytes: ByDevice, candidate: (typeof candidates)[number]): DeviceIo[] {
    const counted = [...bytes].filter(([, { total }]) => total !== 0);
    if (counted.length === 0) return [];
    const operations = table(candidate.operations);
    const merged = table(candidate.merged);
    const time = table(candidate.time);
    const queued = table(candidate.queued);
    return counted.map(([device, { read, write }]) => ({
      major: Math.floor(device / MINORS),
      minor: device % MINORS,
      readBytes: read,
      writeBytes: write,
      reads: operations.get(device)?.read,
      writes: operations.get(device)?.write,
      readsMerged: merged.get(device)?.read,
      writesMerged: merged.get(device)?.write,
      readSeconds: seconds(time.get(device)?.read),
      writeSeconds: seconds(time.get(device)?.write),
      ioSeconds: seconds(time.get(device)?.total),
      inProgress: queued.get(device)?.total,
    }));
  }

  function table(file: StoredFile | undefined): ByDevice {
    const devices: ByDevice = new Map();
    const end = file?.readWhole() ?? 0;
    const bytes = files.buffer;
    for (let at = 0; at < end; at = lineEnd(bytes, at, end) + 1) {
      readLine(bytes, at, lineEnd(bytes, at, end), devices);
    }
    return devices;
  }
}

const MINORS = 2 ** 20;
const COLON = 58;
const SPACE = 32;

/** `major:minor Read 123`; the last line, `Total 123`, names no device. */
function readLine(bytes: Uint8Array, start: number, end: number, devices: ByDevice): void {
  const major = numberAt(bytes, start, end);
  if (!isNumber(major)) return;
  const colon = indexOf(bytes, COLON, start, end);
  const word = indexOf(bytes, SPACE, colon, end) + 1;
  const minor = numberAt(bytes, colon + 1, end);
  const value = numberAt(bytes, indexOf(bytes, SPACE, word, end) + 1, end);
  if (!isNumber(minor) || value === undefined) return;
  const device = major * MINORS + minor;
  let directions = devices.get(device);
  if (directions === undefined) {
    directions = { read: undefined, write: undefined, total: undefined };
    devices.set(device, directions);
  }
  switch (bytes[word]) {
    case 82: // Read
      directions.read = value;
      break;
    case 87: // Write
      directions.write = value;
      break;
    case 84: // Total
      directions.total = value;
  }
}

/** Major numbers have 12 bits, minor ones 20: include/linux/kdev_t.h. */
function isNumber(part: number | undefined): part is number {
  return part !== undefined && part >= 0 && part < MINORS;
}

/** `end` when the line holds no such byte. */
function indexOf(bytes: Uint8Array, byte: number, start: number, end: number): number {
  const at = bytes.indexOf(byte, start);
  return at < 0 || at > end ? end : at;
}

function seconds(nanos: Absentable): Absentable {
  return nanos === undefined ? undefined : nanos / NANOS;
}
