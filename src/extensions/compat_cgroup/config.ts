import type * as z from 'zod/mini';
import { bool, list, oneOf, option, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { RUNSC_ROOTS } from '../../platform/runsc/roots.ts';

/** The options of the compat_cgroup extension. */
export const CONFIG = section({
  root_path: option(text(), '/', "where the host's file system begins"),
  roots: option(
    list(text()),
    [...RUNSC_ROOTS],
    "directories of runsc's `--root`; `*` stands for one part of the path",
  ),
  interval: option(
    duration(),
    10_000,
    'how often all is looked at, besides when something is seen to change; 0s: never',
  ),
  cpu_weight: option(
    oneOf('linear', 'quadratic'),
    'linear',
    'how CPU shares become a weight: as cAdvisor turns it back, or as runc does since 1.3.2',
  ),
  memory_min: option(
    bool(),
    false,
    'writes the reservation to memory.min too, the file from which cAdvisor takes it',
  ),
  remove_on_shutdown: option(bool(), false, 'takes back what was made and written when it ends'),
  dry_run: option(bool(), false, 'says what it would do, and does nothing'),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
