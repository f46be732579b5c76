import type * as z from 'zod/mini';
import { int, option, section } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';

/** The options of the memory_limiter processor, under the Collector's names. */
export const CONFIG = section({
  check_interval: option(duration(), 0, 'how often memory is looked at; more than `0s`, as `1s`'),
  limit_mib: option(int({ min: 0 }), 0, 'hard limit in MiB; `0` takes `limit_percentage`'),
  spike_limit_mib: option(
    int({ min: 0 }),
    0,
    'how far below the hard limit data is refused; `0` is a fifth of the limit',
  ),
  limit_percentage: option(
    int({ min: 0, max: 100 }),
    0,
    'hard limit in percent of what the agent may have: its cgroup, else the host',
  ),
  spike_limit_percentage: option(int({ min: 0, max: 100 }), 0, 'as `spike_limit_mib`, in percent'),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
