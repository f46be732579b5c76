import { lineEnd } from '../file/bytes.ts';
import type { FileStore } from '../file/file-store.ts';
import { createPairTable } from '../file/key-table.ts';
import { type Absentable, scaled } from './value.ts';

/** Time lost to one resource, in seconds (kernel Documentation/accounting/psi.rst). */
export interface Pressure {
  /** `some`: at least one task waited. */
  readonly waitingSeconds: Absentable;
  /** `full`: no task could run. */
  readonly stalledSeconds: Absentable;
}

/** Reads one pressure file. */
export interface PressureReader {
  read(): Pressure;
  close(): void;
}

const MICROS = 1e6;
const TABLE = createPairTable(['total']);
const total = new Float64Array(1);

/** Opens `<resource>.pressure` of a cgroup v2, or /proc/pressure/<resource>. */
export function openPressure(path: string, files: FileStore): PressureReader {
  const file = files.open(path);
  return { read, close: () => file.close() };

  function read(): Pressure {
    const end = file.read();
    const first = lineEnd(files.buffer, 0, end);
    return { waitingSeconds: line(0, first), stalledSeconds: line(first + 1, end) };
  }

  function line(start: number, end: number): Absentable {
    TABLE.parse(files.buffer, end, total, start);
    return scaled(total[0], MICROS);
  }
}
