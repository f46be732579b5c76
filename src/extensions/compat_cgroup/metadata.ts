import type { Metadata } from '../../component/factory.ts';

/** What the compat_cgroup extension is. */
export const METADATA: Metadata = {
  type: 'compat_cgroup',
  summary: "cgroups by which a stock cAdvisor finds gVisor's containers",
  stability: 'development',
  series: [],
};
