import { ABSENT, type FileStore } from '../file/file-store.ts';
import { createKeyTable } from '../file/key-table.ts';

/** Tells whether a cgroup or one of its descendants has processes. */
export interface PopulationReader {
  read(): boolean;
  close(): void;
}

const EVENTS = createKeyTable(['populated']);
const events = new Float64Array(1);

/** cgroup v2: `populated` of cgroup.events; the root has no such file. */
export function openPopulation(directory: string, files: FileStore): PopulationReader {
  const file = files.open(`${directory}/cgroup.events`);
  return { read, close: () => file.close() };

  function read(): boolean {
    const length = file.read();
    if (length === ABSENT) return false;
    EVENTS.parse(files.buffer, length, events);
    return events[0] === 1;
  }
}
