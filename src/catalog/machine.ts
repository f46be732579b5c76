import { gauge } from './metric.ts';

/** cAdvisor's machine rows; their labels machine_id, system_uuid and boot_id are the identity. */
export const MACHINE = {
  machine_cpu_cores: gauge('machine', 'machine_cpu_cores', 'Logical CPU cores that are online'),
  machine_memory_bytes: gauge('machine', 'machine_memory_bytes', 'Memory installed', {
    unit: 'By',
  }),
} as const;
