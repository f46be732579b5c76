import type * as z from 'zod/mini';
import { int, list, oneOf, option, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import {
  LAYER_OPTIONS,
  metricOptions,
  OBSERVER_OPTIONS,
  TIMING_OPTIONS,
} from '../../helper/receiver/options.ts';
import { RUNSC_ROOTS } from '../../platform/runsc/roots.ts';
import { METADATA } from './metadata.ts';

/** The options of the runsc receiver. */
export const CONFIG = section({
  root_path: option(text(), '/', "where the host's file system begins"),
  ...TIMING_OPTIONS,
  roots: option(
    list(text()),
    [...RUNSC_ROOTS],
    "directories of runsc's `--root`; `*` stands for one part of the path; one that is not there yet is watched for",
  ),
  transport: option(
    oneOf('auto', 'control_socket', 'events'),
    'auto',
    'how a sandbox is asked; `auto` settles on its control socket, else on `runsc events`, for its whole life',
  ),
  sandbox_timeout: option(duration(), 2_000, 'longest wait for one sandbox'),
  runsc_path: option(text(), 'runsc', 'the program that `events` runs'),
  max_concurrency: option(int({ min: 1, max: 64 }), 4, 'how many of them at a time'),
  storage: option(
    text(),
    '',
    'id of the extension that keeps what CPU counters go on from after a restart, such as `file_storage`',
  ),
  ...metricOptions(METADATA.series),
  ...LAYER_OPTIONS,
  ...OBSERVER_OPTIONS,
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
