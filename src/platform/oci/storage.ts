import { readdirSync, statSync } from 'node:fs';
import * as z from 'zod/mini';
import { readBoundedJson } from '../file/bounded-json.ts';
import type { RootedPaths } from '../file/rooted.ts';
import { type Bundle, type BundleSource, lookAt, readConfig } from './bundle.ts';
import { labelOf } from './spec.ts';

const LISTS = ['containers.json', 'volatile-containers.json'];
const HANDLER = 'io.kubernetes.cri-o.RuntimeHandler';
const ENTRIES = z.array(
  z.object({
    id: z.string(),
    names: z.nullish(z.array(z.string())),
    metadata: z.nullish(z.string()),
  }),
);
type Entry = z.infer<typeof ENTRIES>[number];

/**
 * containers/storage, where CRI-O and Podman keep theirs:
 * `<storage>/<driver>-containers/<id>/userdata/config.json`. Names that are not in the spec
 * (Podman's) are in `<driver>-containers/containers.json`.
 */
export function createStorageSource(
  paths: RootedPaths,
  storageDirectories: readonly string[],
): BundleSource {
  const lists = new Map<string, { stamp: string; entries: Map<string, Entry> }>();
  return { exists: () => driverDirectories().length > 0, find };

  function driverDirectories(): string[] {
    return storageDirectories.flatMap((storage) => {
      const directory = paths.resolve(storage);
      return namesIn(directory)
        .filter((name) => /^[a-z0-9]+-containers$/.test(name))
        .map((name) => `${directory}/${name}`);
    });
  }

  function find(id: string): Bundle | undefined {
    const drivers = driverDirectories();
    for (const driver of drivers) {
      const directory = `${driver}/${id}/userdata`;
      const spec = readConfig(directory, `${driver}/${id}`);
      if (spec === undefined) continue;
      const runtime = spec.annotations[HANDLER];
      const isCrio = Object.keys(spec.annotations).some((key) => key.startsWith('io.kubernetes.'));
      const entry = isCrio ? undefined : listed(drivers, id);
      const path = `${directory}/config.json`;
      return { id, path, spec, runtime, ...describe(entry), labels: {} };
    }
    return undefined;
  }

  function listed(drivers: readonly string[], id: string): Entry | undefined {
    for (const path of drivers.flatMap((driver) => LISTS.map((list) => `${driver}/${list}`))) {
      const entry = entriesOf(path).get(id);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  function entriesOf(path: string): Map<string, Entry> {
    const stat = statSync(path, { throwIfNoEntry: false });
    const stamp = `${stat?.mtimeMs} ${stat?.size} ${stat?.ino}`;
    const known = lists.get(path);
    if (known?.stamp === stamp) return known.entries;
    const parsed = ENTRIES.safeParse(lookAt(path, () => readBoundedJson(path)) ?? []);
    const entries = new Map(parsed.data?.map((entry) => [entry.id, entry]));
    lists.set(path, { stamp, entries });
    return entries;
  }
}

function describe(entry: Entry | undefined): Pick<Bundle, 'name' | 'image'> {
  const name = labelOf(entry?.names?.[0]);
  try {
    const metadata = JSON.parse(entry?.metadata ?? '{}') as { 'image-name'?: unknown };
    return { name, image: labelOf(metadata['image-name']) };
  } catch {
    return { name, image: undefined };
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
