import { CPU } from '../../catalog/cpu.ts';
import { DISK } from '../../catalog/disk.ts';
import { DISK_IO } from '../../catalog/disk-io.ts';
import { LIFETIME } from '../../catalog/lifetime.ts';
import { MACHINE } from '../../catalog/machine.ts';
import { MEMORY } from '../../catalog/memory.ts';
import { NETWORK } from '../../catalog/network.ts';
import { OOM } from '../../catalog/oom.ts';
import { PRESSURE } from '../../catalog/pressure.ts';
import { PROCESS } from '../../catalog/process.ts';
import { SPEC } from '../../catalog/spec.ts';
import type { Metadata } from '../../component/factory.ts';

const SETS = [CPU, MEMORY, OOM, PROCESS, PRESSURE, DISK_IO, DISK, NETWORK, SPEC, LIFETIME, MACHINE];

/** What the cgroup receiver is. */
export const METADATA: Metadata = {
  type: 'cgroup',
  summary: 'all metric sets of cgroups: the node, slices, pods and containers',
  stability: 'development',
  series: SETS.flatMap((set) => Object.values(set)),
};
