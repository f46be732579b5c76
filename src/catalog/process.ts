import { gauge } from './metric.ts';

/** cAdvisor's `process` set, by name. */
export const PROCESS = {
  container_processes: gauge(
    'process',
    'container_processes',
    'Processes in the cgroup itself, not in its children',
  ),
  container_threads: gauge(
    'process',
    'container_threads',
    'Threads in the cgroup and its children',
  ),
  container_threads_max: gauge(
    'process',
    'container_threads_max',
    'Limit of threads; 0 is unlimited',
  ),
  container_file_descriptors: gauge(
    'process',
    'container_file_descriptors',
    'File descriptors open in the processes of the cgroup itself',
  ),
  container_sockets: gauge(
    'process',
    'container_sockets',
    'Sockets open in the processes of the cgroup itself',
  ),
  container_ulimits_soft: gauge(
    'process',
    'container_ulimits_soft',
    'Soft resource limits of the first process',
    { labels: ['ulimit'] },
  ),
} as const;
