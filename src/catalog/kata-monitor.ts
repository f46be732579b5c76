import { counter, gauge, histogram, metricSet } from './metric.ts';

/** kata-monitor itself, by name; `kata_ctl_monitor_*` is the one of `kata-ctl`. */
export const KATA_MONITOR = metricSet('kata_monitor', {
  kata_monitor_running_shim_count: gauge('Sandboxes that kata-monitor knows'),
  kata_monitor_scrape_count: counter('How often kata-monitor was asked'),
  kata_monitor_scrape_failed_count: counter('How often it could not put an answer together'),
  kata_monitor_scrape_durations_histogram_milliseconds: histogram('Time that its answers took', {
    unit: 'ms',
  }),
  kata_ctl_monitor_scrape_count: counter('How often the monitor of kata-ctl was asked'),
  kata_ctl_monitor_process_max_fds: gauge("The host's limit of open files, not the process'"),
  kata_ctl_monitor_process_open_fds: gauge('File descriptors open in the monitor of kata-ctl'),
  kata_ctl_monitor_process_resident_memory_bytes: gauge(
    'Memory of the monitor of kata-ctl that is resident',
    { unit: 'By' },
  ),
});
