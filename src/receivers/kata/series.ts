import { KATA_FIRECRACKER } from '../../catalog/kata-firecracker.ts';
import { KATA_AGENT_GO, KATA_MONITOR_GO, KATA_SHIM_GO } from '../../catalog/kata-go.ts';
import { KATA_AGENT, KATA_GUEST } from '../../catalog/kata-guest.ts';
import { KATA_HYPERVISOR } from '../../catalog/kata-hypervisor.ts';
import { KATA_MONITOR } from '../../catalog/kata-monitor.ts';
import { KATA_SHIM, KATA_VIRTIOFSD } from '../../catalog/kata-shim.ts';
import type { Metric } from '../../catalog/metric.ts';

/** What Kata tells of its sandboxes under its own names. */
export const KATA_SERIES: readonly Metric[] = [
  KATA_SHIM,
  KATA_SHIM_GO,
  KATA_HYPERVISOR,
  KATA_VIRTIOFSD,
  KATA_FIRECRACKER,
  KATA_AGENT,
  KATA_AGENT_GO,
  KATA_GUEST,
  KATA_MONITOR,
  KATA_MONITOR_GO,
].flatMap((set): Metric[] => Object.values(set));

/** The families of them, by the start of the name. */
export const KATA_FAMILIES = [...new Set(KATA_SERIES.map(({ set }) => set))];
