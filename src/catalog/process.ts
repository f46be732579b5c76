import { gauge, metricSet } from './metric.ts';

/** cAdvisor's `process` set, by name. */
export const PROCESS = metricSet('process', {
  container_processes: gauge('Processes in the cgroup itself, not in its children'),
  container_threads: gauge('Threads in the cgroup and its children'),
  container_threads_max: gauge('Limit of threads; 0 is unlimited'),
  container_file_descriptors: gauge('File descriptors open in the processes of the cgroup itself'),
  container_sockets: gauge('Sockets open in the processes of the cgroup itself'),
  container_ulimits_soft: gauge('Soft resource limits of the first process', {
    labels: ['ulimit'],
  }),
});
