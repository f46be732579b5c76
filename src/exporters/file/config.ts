import type * as z from 'zod/mini';
import { bool, int, oneOf, option, section, text } from '../../confmap/codecs.ts';
import { duration, permissions } from '../../confmap/formats.ts';
import { optionalSection } from '../../helper/optional-section.ts';

const COUNT = int({ min: 0, max: 1_000_000 });

/** The options of the file exporter, under the Collector's names. */
export const CONFIG = section({
  path: option(text(), '', 'the file'),
  format: option(oneOf('json', 'proto'), 'json', '`json`, a line each, or `proto`, length first'),
  compression: option(oneOf('', 'zstd'), '', '`zstd` compresses each record, length first'),
  append: option(bool(), false, 'keeps what the file has at the start; so does `rotation`'),
  flush_interval: option(
    duration(),
    1_000,
    'how often what was written is forced to the disk; `0s`: each time',
  ),
  create_directory: option(bool(), false, 'makes the directory of the file if it is not there'),
  directory_permissions: option(permissions(), 0o755, 'of directories that are made, in octal'),
  rotation: optionalSection(
    {
      max_megabytes: option(int({ min: 1, max: 1_000_000 }), 100, 'largest file, in MiB'),
      max_days: option(COUNT, 0, 'days for which old files are kept; 0: no bound'),
      max_backups: option(COUNT, 100, 'how many old files are kept; 0: all'),
      localtime: option(bool(), false, 'names old files by local time instead of UTC'),
    },
    'begins a new file when it is full; absent: one file without bound',
  ),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
