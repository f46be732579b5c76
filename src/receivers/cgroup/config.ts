import type * as z from 'zod/mini';
import { bool, int, list, oneOf, option, record, section, text } from '../../confmap/codecs.ts';
import { duration, glob } from '../../confmap/formats.ts';
import { RUNTIMES } from '../../workload/workload.ts';
import { METADATA } from './metadata.ts';

/** Units that the kubelet reports beside its pods: itself and the usual runtimes. */
const UNITS = ['kubelet.service', 'containerd.service', 'crio.service', 'docker.service'];

const SETS = [
  'cpu',
  'memory',
  'oom_event',
  'process',
  'pressure',
  'diskIO',
  'network',
  'spec',
  'app',
  'machine',
] as const;

const SWITCH = section({ enabled: option(bool(), true, 'whether the metric is emitted') });
const METRICS = METADATA.series.map(({ name }) => name);

/** The options of the cgroup receiver. */
export const CONFIG = section({
  root_path: option(
    text(),
    '/',
    "where the host's file system begins; mounts come from `proc/1/mountinfo`, else `proc/self/mountinfo`",
  ),
  collection_interval: option(
    duration(),
    60_000,
    '`0s` reads only when an exporter with `collect_on_scrape` asks',
  ),
  initial_delay: option(duration(), 1_000, 'before the first timed pass'),
  timeout: option(duration(), 0, 'longest pass; `0s` is none'),
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
  metric_sets: option(
    list(oneOf(...SETS)),
    [...SETS],
    "cAdvisor's sets; `spec` and `app` (start time, last seen) are what it prints whatever its sets are",
  ),
  metrics: option(
    record(SWITCH, METRICS),
    {},
    'switches single metrics: `{container_memory_cache: {enabled: false}}`',
  ),
  fd_budget: option(
    int({ min: 0 }),
    0,
    'files kept open; `0` is a quarter of the hard limit, at most 8192',
  ),
  observer: option(text(), 'workload_observer', 'the extension that joins names'),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
