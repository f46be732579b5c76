import { counter, gauge, histogram } from './metric.ts';

/** kata-monitor itself, by name; `kata_ctl_monitor_*` is the one of `kata-ctl`. */
export const KATA_MONITOR = {
  kata_monitor_running_shim_count: gauge(
    'kata_monitor',
    'kata_monitor_running_shim_count',
    'Sandboxes that kata-monitor knows',
  ),
  kata_monitor_scrape_count: counter(
    'kata_monitor',
    'kata_monitor_scrape_count',
    'How often kata-monitor was asked',
  ),
  kata_monitor_scrape_failed_count: counter(
    'kata_monitor',
    'kata_monitor_scrape_failed_count',
    'How often it could not put an answer together',
  ),
  kata_monitor_scrape_durations_histogram_milliseconds: histogram(
    'kata_monitor',
    'kata_monitor_scrape_durations_histogram_milliseconds',
    'Time that its answers took',
    { unit: 'ms' },
  ),
  kata_ctl_monitor_scrape_count: counter(
    'kata_monitor',
    'kata_ctl_monitor_scrape_count',
    'How often the monitor of kata-ctl was asked',
  ),
  kata_ctl_monitor_process_max_fds: gauge(
    'kata_monitor',
    'kata_ctl_monitor_process_max_fds',
    "The host's limit of open files, not the process'",
  ),
  kata_ctl_monitor_process_open_fds: gauge(
    'kata_monitor',
    'kata_ctl_monitor_process_open_fds',
    'File descriptors open in the monitor of kata-ctl',
  ),
  kata_ctl_monitor_process_resident_memory_bytes: gauge(
    'kata_monitor',
    'kata_ctl_monitor_process_resident_memory_bytes',
    'Memory of the monitor of kata-ctl that is resident',
    { unit: 'By' },
  ),
} as const;
