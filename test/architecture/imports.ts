import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** Floors of src/, from the ground: a file imports lower floors and its own folder only. */
const FLOORS: readonly (readonly string[])[] = [
  ['pdata', 'errors.ts'],
  ['catalog', 'confmap', 'platform'],
  ['component'],
  ['workload'],
  ['helper'],
  ['receivers', 'processors', 'exporters', 'extensions'],
  ['service'],
  ['distribution'],
  ['cli'],
];

/** Folders whose children are islands: none imports another. */
const ISLANDS = ['receivers', 'processors', 'exporters', 'extensions', 'platform'];
const SHARED_ISLAND = 'platform/file';

/** A source file by its path below src/. */
export type Sources = ReadonlyMap<string, string>;

/** Reads every file of src/. */
export function readSources(): Sources {
  const files = globSync('src/**/*.ts');
  return new Map(files.map((file) => [relative('src', file), readFileSync(file, 'utf8')]));
}

/** What breaks the architecture: imports up or across, cycles, barrels. */
export function findFaults(sources: Sources): string[] {
  const edges = [...sources].flatMap(([from, text]) =>
    importsOf(text).map((specifier) => [from, normalize(join(dirname(from), specifier))] as const),
  );
  const faults = edges.flatMap(([from, to]) =>
    isAllowed(from, to) ? [] : [`${from} imports ${to}`],
  );
  const barrels = [...sources].filter(([, text]) => /^export (\*|\{[^}]*\}) from /m.test(text));
  return [...faults, ...findCycles(edges), ...barrels.map(([file]) => `${file} re-exports`)];
}

function importsOf(text: string): string[] {
  const found = text.matchAll(/(?:from|import\(|^import)\s*'(\.[^']+)'/gm);
  return [...found].map((match) => match[1] ?? '');
}

function floorOf(path: string): number {
  return FLOORS.findIndex((floor) => floor.includes(path.split('/')[0] ?? ''));
}

function isAllowed(from: string, to: string): boolean {
  if (islandOf(from) !== undefined && islandOf(from) === islandOf(to)) return true;
  if (islandOf(from)?.startsWith('platform/') && islandOf(to) === SHARED_ISLAND) return true;
  const [below, above] = [floorOf(to), floorOf(from)];
  if (below < 0 || above < 0) return false;
  if (below < above) return true;
  return from.split('/')[0] === to.split('/')[0] && islandOf(from) === undefined;
}

function islandOf(path: string): string | undefined {
  const [top, name] = path.split('/');
  return ISLANDS.includes(top ?? '') ? `${top}/${name}` : undefined;
}

function findCycles(edges: readonly (readonly [string, string])[]): string[] {
  const targets = new Map<string, string[]>();
  for (const [from, to] of edges) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const cycles: string[] = [];
  for (const file of targets.keys()) visit(file, []);
  return cycles;

  function visit(file: string, path: readonly string[]): void {
    if (path.includes(file)) cycles.push(`cycle: ${[...path, file].join(' > ')}`);
    if (done.has(file) || path.includes(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  }
}
