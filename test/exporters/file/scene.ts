import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeExporter } from './running.ts';

type Made = ReturnType<typeof makeExporter>;

/** A folder of a test with exporters that write `out.json` in it. */
export interface Scene {
  readonly folder: string;
  /** The file; a test may choose another. */
  path: string;
  /** Starts an exporter, which is flushed by a stop or a full file only unless `yaml` says so. */
  run(yaml?: string, id?: string, now?: () => number): Promise<Made>;
  stop(made: Made): Promise<void>;
  close(): Promise<void>;
}

/** Makes the folder. */
export function makeScene(): Scene {
  const folder = mkdtempSync(join(tmpdir(), 'sandgauge-file-'));
  const running = new Set<Made>();
  const scene: Scene = { folder, path: join(folder, 'out.json'), run, stop, close };
  return scene;

  async function run(yaml = '', id?: string, now?: () => number): Promise<Made> {
    const flush = yaml.includes('flush_interval') ? '' : 'flush_interval: 1h, ';
    const made = makeExporter(`{path: '${scene.path}', ${flush}${yaml}}`, id, now);
    await made.start();
    running.add(made);
    return made;
  }

  async function stop(made: Made): Promise<void> {
    running.delete(made);
    await made.exporter.shutdown();
  }

  async function close(): Promise<void> {
    for (const each of running) await stop(each);
    rmSync(folder, { recursive: true, force: true });
  }
}
