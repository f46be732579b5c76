import type * as z from 'zod/mini';
import { bool, int, list, oneOf, option, section, text } from '../../confmap/codecs.ts';
import { duration } from '../../confmap/formats.ts';
import { metricOptions, OBSERVER_OPTIONS, TIMING_OPTIONS } from '../../helper/receiver/options.ts';
import { CONTAINER_SERIES, METADATA } from './metadata.ts';
import { KATA_FAMILIES } from './series.ts';

/** The options of the kata receiver. */
export const CONFIG = section({
  root_path: option(text(), '/', "where the host's file system begins"),
  ...TIMING_OPTIONS,
  shim_directories: option(
    list(text()),
    ['/run/vc/sbs', '/run/kata'],
    'hold a directory for each sandbox; one that ends in `vc/sbs` is of the Go runtime, any other of runtime-rs; may come later',
  ),
  source: option(
    oneOf('auto', 'shim', 'monitor'),
    'auto',
    "where a sandbox is read: from its shim's socket or from kata-monitor; `auto` is the shim, and kata-monitor where the socket may not be used",
  ),
  monitor_endpoint: option(
    text(),
    '',
    '`host:port` of kata-monitor, such as `127.0.0.1:8090`; none if empty',
  ),
  sandbox_timeout: option(duration(), 3_000, 'longest wait for one sandbox'),
  max_concurrency: option(int({ min: 1, max: 1024 }), 64, 'how many sandboxes are asked at a time'),
  families: option(
    list(oneOf(...KATA_FAMILIES)),
    KATA_FAMILIES,
    "which of Kata's own metrics are emitted, by the start of their names",
  ),
  raw: option(
    bool(),
    false,
    "emits Kata's own metrics as they come: types, units and spellings as written, unknown ones too, nothing computed",
  ),
  runtime_rs: section({
    hypervisors: option(
      list(text()),
      ['dragonball'],
      'runtime-rs sandboxes are read only if they run on one of these: with QEMU or Firecracker a read can end the pod (kata-containers#13707)',
    ),
  }),
  containerd_state_directories: option(
    list(text()),
    [
      '/run/containerd',
      '/run/k3s/containerd',
      '/run/k0s/containerd',
      '/var/snap/microk8s/common/run/containerd',
    ],
    'where containerd keeps the bundles of the containers, which tell the names and limits',
  ),
  storage_directories: option(
    list(text()),
    ['/run/containers/storage', '/var/lib/containers/storage'],
    'the same of CRI-O and Podman',
  ),
  ...metricOptions(CONTAINER_SERIES),
  metrics: metricOptions(METADATA.series).metrics,
  ...OBSERVER_OPTIONS,
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
