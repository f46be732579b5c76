/** The files of a new receiver, by path; it reports a container for each directory that it finds. */
export function receiverFiles(name: string): Record<string, string> {
  const { Name, factory } = identifiersOf(name);
  const folder = `src/receivers/${name}`;
  return {
    [`src/platform/${name}/container-directories.ts`]: `import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A container, by its directory. */
export interface ContainerDirectory {
  readonly id: string;
  /** When the directory last changed, in ms since the epoch. */
  readonly changedMillis: number;
}

/** Reads which containers have a directory; none where there is nothing to read yet. */
export function readContainerDirectories(path: string): ContainerDirectory[] {
  return namesIn(path).flatMap((id) => {
    // It may have gone since it was listed.
    const stat = statSync(join(path, id), { throwIfNoEntry: false });
    return stat?.isDirectory() ? [{ id, changedMillis: stat.mtimeMs }] : [];
  });
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
`,
    [`${folder}/README.md`]: `# ${name} receiver

What it reads, and for whom.

## Configuration

<!-- generated: configuration -->
<!-- end -->

## Rights

Read access to \`directory\`.
`,
    [`${folder}/metadata.ts`]: `import { LIFETIME } from '../../catalog/lifetime.ts';
import type { Metadata } from '../../component/factory.ts';

/** What the ${name} receiver is. */
export const METADATA: Metadata = {
  type: '${name}',
  summary: 'containers of ${name}',
  stability: 'development',
  series: Object.values(LIFETIME),
};
`,
    [`${folder}/config.ts`]: `import type * as z from 'zod/mini';
import { option, section, text } from '../../confmap/codecs.ts';
import { metricOptions, OBSERVER_OPTIONS, TIMING_OPTIONS } from '../../helper/receiver/options.ts';
import { METADATA } from './metadata.ts';

/** The options of the ${name} receiver. */
export const CONFIG = section({
  ...TIMING_OPTIONS,
  directory: option(text(), '/run/${name}', 'holds a directory for each container, by its id'),
  ...metricOptions(METADATA.series),
  ...OBSERVER_OPTIONS,
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
`,
    [`${folder}/factory.ts`]: `import type { ReceiverFactory } from '../../component/factory.ts';
import { createScraperController } from '../../helper/receiver/scraper-controller.ts';
import { CONFIG, type Config } from './config.ts';
import { METADATA } from './metadata.ts';
import { create${Name}Scraper } from './scraper.ts';

/** Makes ${name} receivers. */
export const ${factory}: ReceiverFactory<Config> = {
  metadata: METADATA,
  config: CONFIG,
  create(settings, config, next) {
    const scraper = create${Name}Scraper(settings, config);
    return createScraperController(settings, config, scraper, next);
  },
};
`,
    [`${folder}/scraper.ts`]: `import type { Settings } from '../../component/factory.ts';
import { createLogOnce } from '../../helper/log-once.ts';
import { createReceiverKit, type ReceiverKit } from '../../helper/receiver/kit.ts';
import type { Recorder } from '../../helper/receiver/metrics-builder.ts';
import { createMetricFilter } from '../../helper/receiver/options.ts';
import { createRowTable } from '../../helper/receiver/row-table.ts';
import { LIFETIME_ROWS } from '../../helper/receiver/lifetime-rows.ts';
import type { Scraper } from '../../helper/receiver/scraper-controller.ts';
import {
  type ContainerDirectory,
  readContainerDirectories,
} from '../../platform/${name}/container-directories.ts';
import { parseCgroupPath } from '../../workload/cgroup-path.ts';
import type { Workload } from '../../workload/workload.ts';
import type { Config } from './config.ts';

interface Entry {
  readonly workload: Workload;
  readonly startMillis: number;
  recorder: Recorder | undefined;
}

/** Makes the scraper of the containers in a directory. */
export function create${Name}Scraper(settings: Settings, config: Config): Scraper {
  const said = createLogOnce(settings.telemetry.logger);
  const table = createRowTable(createMetricFilter(config));
  const lifetime = table.add(LIFETIME_ROWS);
  const entries = new Map<string, Entry>();
  let kit: ReceiverKit;
  return {
    async start(service) {
      const voiced = { voice: '${name}', runtimes: ['${name}'], observer: config.observer } as const;
      kit = createReceiverKit(settings, service, voiced, said);
    },
    async scrape() {
      discover();
      const now = settings.now();
      kit.builder.begin(now);
      for (const entry of entries.values()) record(entry, now);
      return kit.builder.finish();
    },
    async shutdown() {},
  };

  function discover(): void {
    const found = readContainerDirectories(config.directory);
    const ids = new Set(found.map(({ id }) => id));
    for (const [id, { workload, recorder }] of entries) {
      if (ids.has(id)) continue;
      if (recorder !== undefined) kit.builder.drop(recorder);
      kit.speaker.withdraw(workload);
      entries.delete(id);
    }
    for (const each of found) if (!entries.has(each.id)) add(each);
    kit.speaker.listed();
  }

  function add({ id, changedMillis: startMillis }: ContainerDirectory): void {
    const workload: Workload = Object.freeze({
      ...parseCgroupPath(\`/\${id}\`),
      ...({ kind: 'container', containerId: id, runtime: '${name}' } as const),
    });
    entries.set(id, { workload, startMillis, recorder: undefined });
    kit.speaker.announce(workload);
  }

  function record(entry: Entry, now: number): void {
    const identity = kit.speaker.identify(entry.workload);
    if (identity === undefined || !kit.speaker.maySpeak(entry.workload, 'usage')) return;
    entry.recorder ??= kit.builder.recorder(table.templates, identity.labels, entry.startMillis);
    lifetime.record(entry.recorder, { startMillis: entry.startMillis, seenMillis: now });
  }
}
`,
    [`test/receivers/${name}/scraper.test.ts`]: `import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ${factory} } from '../../../src/receivers/${name}/factory.ts';
import { runObserved } from '../../support/observed.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandgauge-${name}-'));
afterEach(() => rmSync(folder, { recursive: true }));

test('a container that comes and goes', async () => {
  const observed = await runObserved(
    { factory: ${factory}, receiver: \`directory: \${folder}\`, observer: \`root_path: \${folder}\` },
    Date.now,
  );
  expect(await observed.read()).toEqual([]);
  mkdirSync(join(folder, 'c1'));
  const rows = await observed.read();
  expect(rows.map(({ labels }) => labels.name)).toEqual(['c1', 'c1']);
  rmSync(join(folder, 'c1'), { recursive: true });
  expect(await observed.read()).toEqual([]);
  await observed.shutdown();
});
`,
  };
}

/** Edits by path: the list of components, and what a system and a runtime need that are not known yet. */
export function receiverEdits(name: string): Record<string, (text: string) => string> {
  const { factory } = identifiersOf(name);
  return {
    'ARCHITECTURE.md': (text) =>
      text.includes(` ${name}/`) ? text : text.replace(' over file/', ` ${name}/ over file/`),
    'src/distribution/components.ts': (text) =>
      text
        .replace(
          '\n/** Every component',
          `import { ${factory} } from '../receivers/${name}/factory.ts';\n\n/** Every component`,
        )
        .replace(/(receivers: \[)([^\]]*)/, (_, start: string, list: string) => {
          const factories = [...list.matchAll(/\w+/g)].map(([each]) => each);
          return start + [...factories, factory].sort();
        }),
    'src/workload/workload.ts': (text) =>
      text.includes(`'${name}'`) ? text : text.replace(/(RUNTIMES = \[[^\]]*)/, `$1, '${name}'`),
    'src/workload/voices.ts': (text) =>
      text.includes(`'${name}'`)
        ? text
        : text
            .replace(/(type Voice = [^;]*)/, `$1 | '${name}'`)
            .replace(/(const CONTAINERS: [\s\S]*?)\n};/, `$1\n  ${name}: by('${name}'),\n};`),
  };
}

function identifiersOf(name: string): { Name: string; factory: string } {
  const Name = name.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return { Name, factory: `${Name[0]?.toLowerCase()}${Name.slice(1)}` };
}
