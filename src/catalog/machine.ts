import { gauge, metricSet } from './metric.ts';

/** cAdvisor's machine rows; their labels machine_id, system_uuid and boot_id are the identity. */
export const MACHINE = metricSet('machine', {
  machine_cpu_cores: gauge('Logical CPU cores that are online'),
  machine_memory_bytes: gauge('Memory installed', {
    unit: 'By',
  }),
});
