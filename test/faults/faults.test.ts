import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Observed, Row } from '../support/observed.ts';
import { isMissing } from '../support/peers.ts';
import { makeNode, type Node } from './node.ts';
import { EARLY, SOURCES, type Source } from './sources.ts';
import { FAULTS, type Fault, LIES, type Spoilt, spoil } from './spoil.ts';

const NOBODY = 65_534;
const DEADLINE_MILLIS = 2000;
const DROPPED = 'sandgauge_source_dropped_points';
const isRoot = process.getuid?.() === 0;
const faults = isMissing('denied files', { root: isRoot })
  ? FAULTS.filter((fault) => fault !== 'denied')
  : FAULTS;

const clock = { now: 1_800_000_000_000 };
let node: Node;
let spoilt: Spoilt | undefined;
beforeEach(async () => {
  node = await makeNode();
});
afterEach(async () => {
  process.seteuid?.(process.getuid?.() ?? 0);
  spoilt?.heal();
  spoilt = undefined;
  await node.close();
});

/** One collection, a minute later: files that were absent are looked for again. */
async function read(observed: Observed): Promise<Row[]> {
  clock.now += 61_000;
  const start = performance.now();
  const rows = await observed.read();
  expect(performance.now() - start).toBeLessThan(DEADLINE_MILLIS);
  expect(observed.own('bad points')).toBe(0);
  expect(observed.own('duplicates')).toBe(0);
  return rows;
}

/** Runs the receiver of a source. The bad container comes after the first collection. */
async function run({ receiver }: Source): Promise<Observed> {
  if (isRoot) process.seteuid?.(NOBODY);
  const observed = (await node.run(() => clock.now))[receiver];
  await read(observed);
  asRoot(node.addBad);
  await read(observed);
  return observed;
}

function asRoot<T>(work: () => T): T {
  if (isRoot) process.seteuid?.(0);
  try {
    return work();
  } finally {
    if (isRoot) process.seteuid?.(NOBODY);
  }
}

/** The rows that have nothing to do with the source, as names and labels. */
function others(rows: readonly Row[], source: Source): string[] {
  const isOther = (row: Row) => !source.isOwn(row, node) && !source.isKin?.(row, node);
  return rows
    .filter(isOther)
    .map(({ metric, labels }) => `${metric}${JSON.stringify(labels)}`)
    .sort();
}

const owned = (rows: readonly Row[], source: Source) =>
  rows.filter((row) => source.isOwn(row, node)).length;
/** Another reader of the same file may have its own line; one file has one. */
const warnings = ({ log }: Observed, file: string) =>
  log.filter((line) => line.startsWith('warn') && line.includes(file));
const counted = (observed: Observed, { receiver, counter }: Source) =>
  observed.own(counter, counter.includes('observer') ? {} : { source: receiver });

async function live(observed: Observed, source: Source, fault: Fault, before: string[]) {
  for (let pass = 0; pass < 3; pass++) {
    const rows = await read(observed);
    expect(others(rows, source)).toEqual(before);
    const isGone = fault !== 'lying' && fault !== 'huge' && !source.kept?.includes(fault);
    if (isGone) expect(owned(rows, source)).toBe(0);
  }
  const lines = warnings(observed, source.file(node));
  // A lie may be one that is believed.
  if (fault === 'lying') expect(lines.length).toBeLessThanOrEqual(1);
  else expect(lines, lines.join('\n')).toHaveLength(source.said.includes(fault) ? 1 : 0);
  if (lines.length > 0)
    expect(counted(observed, source), observed.log.join('\n')).toBeGreaterThan(0);
}

describe.each(SOURCES)('$name', (source) => {
  test.each(faults)('%s: the others go on, and it comes back', async (fault) => {
    const observed = await run(source);
    await read(observed);
    const healthy = await read(observed);
    expect(owned(healthy, source)).toBeGreaterThan(0);
    expect(observed.log.filter((line) => line.startsWith('warn'))).toEqual([]);
    const path = `${node.path}/${source.file(node)}`;
    for (const lie of fault === 'lying' ? LIES : [LIES[0]]) {
      spoilt = asRoot(() => spoil(path, fault, lie));
      await live(observed, source, fault, others(healthy, source));
      asRoot(() => spoilt?.heal());
      spoilt = undefined;
      await read(observed);
      expect(owned(await read(observed), source)).toBe(owned(healthy, source));
    }
    const infos = observed.log.filter((line) => line.startsWith('info: File can be read again'));
    expect(infos).toHaveLength(source.said.includes(fault) ? 1 : 0);
  });
});

describe.each(EARLY)('$name, from the start', (source) => {
  test.each(faults)('%s: the others go on, and it comes back', async (fault) => {
    const path = `${node.path}/${source.file(node)}`;
    for (const lie of fault === 'lying' ? LIES : [LIES[0]]) {
      const healthy = await run(source);
      await read(healthy);
      const expected = await read(healthy);
      expect(owned(expected, source)).toBeGreaterThan(0);
      spoilt = asRoot(() => spoil(path, fault, lie));
      const observed = await run(source);
      await read(observed);
      await live(observed, source, fault, others(expected, source));
      const isBelieved = fault === 'lying' && warnings(observed, source.file(node)).length === 0;
      asRoot(() => spoilt?.heal());
      spoilt = undefined;
      for (let pass = 0; pass < 3; pass++) await read(observed);
      // Names never change in a series' life.
      if (!isBelieved) expect(owned(await read(observed), source)).toBeGreaterThan(0);
    }
  });
});

test('lies that no row can hold are counted', async () => {
  const source = SOURCES.find(({ name }) => name.endsWith('cpu.stat')) as Source;
  const observed = await run(source);
  await read(observed);
  spoilt = asRoot(() => spoil(`${node.path}/${source.file(node)}`, 'lying', LIES[0]));
  await read(observed);
  expect(observed.own(DROPPED, { source: 'cgroup' })).toBeGreaterThan(0);
});
