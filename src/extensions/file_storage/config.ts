import type * as z from 'zod/mini';
import { bool, int, option, section, text } from '../../confmap/codecs.ts';
import { duration, permissions, size } from '../../confmap/formats.ts';

const MEBIBYTES = int({ min: 0, max: 2 ** 30 });

/** The options of the file_storage extension, under the Collector's names. */
export const CONFIG = section({
  directory: option(text(), '/var/lib/sandgauge/file_storage', 'where files are kept'),
  create_directory: option(bool(), false, 'makes the directory if it is not there'),
  directory_permissions: option(permissions(), 0o700, 'of directories that are made, in octal'),
  timeout: option(duration(), 1_000, 'how long to wait for another agent to let go of it'),
  max_size: option(size(), 2 ** 30, 'largest size of all files in it; 0: no bound'),
  fsync: option(bool(), false, 'forces each write to the disk, to outlive the machine too'),
  recreate: option(bool(), false, 'without effect: damage costs the records that it hits'),
  compaction: section(
    {
      on_start: option(bool(), false, 'compacts files at the start'),
      on_rebound: option(bool(), false, 'compacts files once much was stored and most was removed'),
      directory: option(text(), '', 'where copies are made; empty: beside the files'),
      rebound_needed_threshold_mib: option(MEBIBYTES, 100, 'how much is much, in MiB of files'),
      rebound_trigger_threshold_mib: option(
        MEBIBYTES,
        10,
        'what may be left when most was removed, in MiB',
      ),
      check_interval: option(duration(), 5_000, 'how often that is looked at'),
      max_transaction_size: option(int({ min: 0 }), 65_536, 'without effect'),
      cleanup_on_start: option(bool(), false, 'without effect: what is left of copies is removed'),
    },
    'takes out of files what was removed; those of which all was go at once',
  ),
});

/** The decoded options; durations in ms, sizes in bytes. */
export type Config = z.infer<typeof CONFIG>;
