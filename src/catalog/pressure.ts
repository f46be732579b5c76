import { counter, metricSet } from './metric.ts';

const SECONDS = { unit: 's', valueType: 'double' } as const;

/** cAdvisor's `pressure` set, by name (kernel Documentation/accounting/psi.rst). */
export const PRESSURE = metricSet('pressure', {
  container_pressure_cpu_waiting_seconds_total: counter(
    'Time in which some tasks waited for a CPU',
    SECONDS,
  ),
  container_pressure_cpu_stalled_seconds_total: counter(
    'Time in which all tasks waited for a CPU',
    SECONDS,
  ),
  container_pressure_memory_waiting_seconds_total: counter(
    'Time in which some tasks waited for memory',
    SECONDS,
  ),
  container_pressure_memory_stalled_seconds_total: counter(
    'Time in which all tasks waited for memory',
    SECONDS,
  ),
  container_pressure_io_waiting_seconds_total: counter(
    'Time in which some tasks waited for I/O',
    SECONDS,
  ),
  container_pressure_io_stalled_seconds_total: counter(
    'Time in which all tasks waited for I/O',
    SECONDS,
  ),
});
