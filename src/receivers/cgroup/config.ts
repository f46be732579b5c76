import type * as z from 'zod/mini';
import {
  bool,
  duration,
  glob,
  int,
  list,
  oneOf,
  section,
  text,
  withDefault,
} from '../../confmap/codecs.ts';
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

const SWITCHES: Record<string, z.ZodMiniType<{ enabled: boolean }>> = Object.fromEntries(
  METADATA.series.map(({ name }) => [
    name,
    withDefault(section({ enabled: withDefault(bool(), true) }), { enabled: true }),
  ]),
);

/** The options of the cgroup receiver. */
export const CONFIG = section({
  /** Where the host's file system begins: /proc and /sys/fs/cgroup are looked for below it. */
  root_path: withDefault(text(), '/'),
  /** 0s reads only when an exporter asks. */
  collection_interval: withDefault(duration(), 60_000),
  initial_delay: withDefault(duration(), 1_000),
  /** 0s is none. */
  timeout: withDefault(duration(), 0),
  /** Cgroups that are neither pods nor containers: auto is kubelet where kubepods exists, else all. */
  raw_cgroups: withDefault(oneOf('auto', 'all', 'kubelet', 'none'), 'auto'),
  /** Last path parts of the cgroups that `kubelet` reports beside /, kubepods and its QoS slices. */
  raw_units: withDefault(list(text()), UNITS),
  /** Paths of the only cgroups that give rows; none are all. */
  include: withDefault(list(glob()), []),
  /** Paths of cgroups that give none, whatever `include` says. */
  exclude: withDefault(list(glob()), []),
  /** Restricts containers, their pods and, with `include`, everything else by runtime. */
  runtimes: withDefault(
    section({
      include: withDefault(list(oneOf(...RUNTIMES)), []),
      exclude: withDefault(list(oneOf(...RUNTIMES)), []),
    }),
    { include: [], exclude: [] },
  ),
  /** cAdvisor's metric sets; `spec` and `app` are what it prints whatever its sets are. */
  metric_sets: withDefault(list(oneOf(...SETS)), [...SETS]),
  /** Switches single metrics: `{name: {enabled: false}}`. */
  metrics: withDefault(section(SWITCHES), {}),
  /** File descriptors kept open; 0 is a quarter of the hard limit, at most 8192. */
  fd_budget: withDefault(int({ min: 0 }), 0),
  /** The workload_observer to use; the only one configured by default. */
  observer: withDefault(text(), 'workload_observer'),
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
