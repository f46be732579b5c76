import type { Registry } from '../component/factory.ts';
import { debug } from '../exporters/debug/factory.ts';
import { prometheus } from '../exporters/prometheus/factory.ts';
import { workloadObserver } from '../extensions/workload_observer/factory.ts';
import { cgroup } from '../receivers/cgroup/factory.ts';
import { runsc } from '../receivers/runsc/factory.ts';

/** Every component of this distribution. */
export const COMPONENTS: Registry = {
  receivers: [cgroup, runsc],
  processors: [],
  exporters: [debug, prometheus],
  extensions: [workloadObserver],
};
