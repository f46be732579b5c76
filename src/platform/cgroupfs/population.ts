import { ABSENT, type FileStore } from '../file/file-store.ts';
import { createKeyTable } from '../file/key-table.ts';

/** Tells whether a cgroup has processes: v2 counts descendants too, v1 its own only. */
export interface PopulationReader {
  read(): boolean;
  close(): void;
}

const EVENTS = createKeyTable(['populated']);
const events = new Float64Array(1);

/** cgroup v2: `populated` of cgroup.events; the root has no such file and always has processes. */
export function openPopulationV2(directory: string, files: FileStore): PopulationReader {
  const file = files.open(`${directory}/cgroup.events`);
  return { read, close: () => file.close() };

  function read(): boolean {
    const length = file.read();
    if (length === ABSENT) return false;
    EVENTS.parse(files.buffer, length, events);
    return events[0] === 1;
  }
}

/** cgroup v1: cgroup.procs is not empty. */
export function openPopulationV1(directory: string, files: FileStore): PopulationReader {
  const file = files.open(`${directory}/cgroup.procs`);
  return { read: () => file.read() > 0, close: () => file.close() };
}
