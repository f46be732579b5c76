import type * as z from 'zod/mini';
import { bool, list, oneOf, option, record, section, text } from '../../confmap/codecs.ts';
import { duration, glob } from '../../confmap/formats.ts';
import { metricOptions, OBSERVER_OPTIONS, TIMING_OPTIONS } from '../../helper/receiver/options.ts';
import { METADATA } from './metadata.ts';

/** The statistics that can be asked for, by libvirt's names. */
const GROUPS = ['state', 'cpu', 'balloon', 'vcpu', 'interface', 'block', 'dirtyrate'] as const;

/** The options of the libvirt receiver. */
export const CONFIG = section({
  root_path: option(text(), '/', "where the host's file system begins"),
  ...TIMING_OPTIONS,
  uri: option(
    text(),
    'qemu:///system',
    'the daemon: `qemu:///system`, `qemu:///session`, or `test:///default`; `?socket=` where it listens elsewhere',
  ),
  sockets: option(
    list(text()),
    [],
    'sockets of daemons, instead of `uri`; `*` stands for any text in one part of a path; they may come later',
  ),
  call_timeout: option(
    duration(),
    3_000,
    'longest wait for one answer of a daemon; it takes some 10 ms for each domain',
  ),
  groups: option(
    list(oneOf(...GROUPS)),
    GROUPS.filter((group) => group !== 'dirtyrate'),
    'which statistics are asked for: what is not wanted costs the daemon nothing',
  ),
  domains: section(
    {
      include: option(list(glob()), [], 'globs of the only names that give rows; none are all'),
      exclude: option(list(glob()), [], 'globs of names that give none, whatever `include` says'),
    },
    'restricts domains by name',
  ),
  labels: option(
    record(text(), ['container', 'image', 'name', 'namespace', 'pod']),
    {},
    'where labels stand below `<metadata>`, before what virtlet tells: elements without prefixes, and an attribute: `{pod: instance/name, namespace: instance/owner/project@uuid}`',
  ),
  guest_filesystems: option(
    oneOf('none', 'agent'),
    'none',
    'who tells how full the file systems of a guest are: `agent` asks the one inside the guest',
  ),
  guest_filesystems_interval: option(
    duration(),
    60_000,
    'how often it is asked; an answer stands for three times as long',
  ),
  virt_df: option(
    bool(),
    false,
    'looks into the disks of guests that have no agent, with `virt-df` of libguestfs: seconds of CPU for each',
  ),
  virt_df_interval: option(
    duration(),
    3_600_000,
    'how often it looks; an answer stands for three times as long',
  ),
  virt_df_path: option(text(), 'virt-df', 'the program'),
  ...metricOptions(METADATA.series),
  ...OBSERVER_OPTIONS,
});

/** The decoded options; durations in ms. */
export type Config = z.infer<typeof CONFIG>;
