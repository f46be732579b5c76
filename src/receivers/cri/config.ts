import type * as z from 'zod/mini';
import { option, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { metricOptions, OBSERVER_OPTIONS, TIMING_OPTIONS } from '../../helper/receiver/options.ts';
import { METADATA } from './metadata.ts';

/** The options of the cri receiver. */
export const CONFIG = section({
  root_path: option(text(), '/', "where the host's file system begins"),
  ...TIMING_OPTIONS,
  cri_socket: option(
    text(),
    'unix:///run/containerd/containerd.sock',
    'where the container runtime answers; CRI-O: `unix:///run/crio/crio.sock`',
  ),
  runtime_timeout: option(duration(), 5_000, 'longest wait for the runtime in one pass'),
  ...metricOptions(METADATA.series),
  ...OBSERVER_OPTIONS,
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
