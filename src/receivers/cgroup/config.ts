import type * as z from 'zod/mini';
import { int, list, oneOf, option, section, text } from '../../confmap/codecs.ts';
import { glob } from '../../confmap/formats.ts';
import {
  LAYER_OPTIONS,
  metricOptions,
  OBSERVER_OPTIONS,
  TIMING_OPTIONS,
} from '../../helper/receiver/options.ts';
import { RUNTIMES } from '../../workload/workload.ts';
import { METADATA } from './metadata.ts';

/** Units that the kubelet reports beside its pods: itself and the usual runtimes. */
const UNITS = ['kubelet.service', 'containerd.service', 'crio.service', 'docker.service'];

/** The options of the cgroup receiver. */
export const CONFIG = section({
  root_path: option(
    text(),
    '/',
    "where the host's file system begins; mounts come from `proc/1/mountinfo`, else `proc/self/mountinfo`",
  ),
  ...TIMING_OPTIONS,
  raw_cgroups: option(
    oneOf('auto', 'all', 'kubelet', 'none'),
    'auto',
    'cgroups beside pods and containers: `all`, `kubelet`, `none`; `auto` is `kubelet` where kubepods exists, else `all`',
  ),
  raw_units: option(
    list(text()),
    UNITS,
    'last path parts that `kubelet` reports beside `/`, kubepods and its QoS slices',
  ),
  include: option(list(glob()), [], 'globs of the only cgroup paths that give rows; none are all'),
  exclude: option(
    list(glob()),
    [],
    'globs of cgroup paths that give none, whatever `include` says',
  ),
  runtimes: section(
    {
      include: option(
        list(oneOf(...RUNTIMES)),
        [],
        'the only runtimes that give rows; none are all',
      ),
      exclude: option(list(oneOf(...RUNTIMES)), [], 'runtimes that give none'),
    },
    'restricts containers and their pods by runtime; with `include` nothing else gives rows',
  ),
  ...metricOptions(METADATA.series),
  ...LAYER_OPTIONS,
  fd_budget: option(
    int({ min: 0 }),
    0,
    'files kept open; `0` is a quarter of the hard limit, at most 8192',
  ),
  ...OBSERVER_OPTIONS,
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
