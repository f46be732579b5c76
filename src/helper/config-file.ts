import { readFileSync } from 'node:fs';
import type { Telemetry } from '../component/telemetry.ts';
import { ConfigError } from '../errors.ts';
import { createLogOnce } from './log-once.ts';
import { type FileWatch, watchFiles } from './watch-files.ts';

/** Files that the configuration names, and who speaks of them. */
export interface Followed {
  /** An empty one is none. */
  readonly paths: readonly string[];
  /** The config key, for the log and as `file` of the counter. */
  readonly key: string;
  /** How often they are looked at besides, in ms; 0 is never, 60 s if not told. */
  readonly intervalMillis?: number;
  readonly telemetry: Telemetry;
}

/** Reads a file that the option `key` names. Throws a ConfigError with both. */
export function readConfigFile(path: string, key: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, key, error);
  }
}

/** What to say of a file that cannot be read. */
export function unreadable(path: string, key: string, cause: unknown): ConfigError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file',
    EACCES: 'no right to read it',
    EISDIR: 'it is a directory',
  };
  return new ConfigError(key, `cannot read ${path}: ${reasons[code] ?? code}`, { cause });
}

/**
 * Calls `reload` when a file has changed. When it throws, what was read before stays in use: that
 * is said once, and its end too.
 */
export function followConfigFiles(followed: Followed, reload: () => void): FileWatch {
  const { key, intervalMillis = 60_000, telemetry } = followed;
  const paths = followed.paths.filter(Boolean);
  if (paths.length === 0) return { close() {} };
  const said = createLogOnce(telemetry.logger);
  const counter = (result: string) =>
    telemetry.counter('sandgauge_config_file_reloads', { file: key, result });
  const [succeeded, failed] = [counter('succeeded'), counter('failed')];
  return watchFiles(paths, intervalMillis, () => {
    try {
      reload();
    } catch (error) {
      failed.add(1);
      said.trouble(key, 'Kept the old content of changed files', { error: String(error) });
      return;
    }
    succeeded.add(1);
    said.recovered(key, 'Changed files are good again', { key });
  });
}
