import { counter, gauge, metricSet } from './metric.ts';

const SET = 'libvirt_domain';
const BYTES = { unit: 'By' } as const;
const SECONDS = { unit: 's', valueType: 'double' } as const;
const VCPU = { labels: ['vcpu'] } as const;

/** What libvirt tells of a domain as such, named as its most used exporters name it. */
export const LIBVIRT_DOMAIN = metricSet(SET, {
  libvirt_domain_info_state: gauge('State of the domain: 1 runs, 3 is paused', {
    labels: ['state_desc'],
  }),
  libvirt_domain_info_cpu_time_seconds_total: counter(
    'CPU time used on the host, virtual CPUs and emulator together',
    SECONDS,
  ),
  libvirt_domain_cpu_haltpoll_success_seconds_total: counter(
    'Time polled for an idle virtual CPU that was then wanted',
    SECONDS,
  ),
  libvirt_domain_cpu_haltpoll_fail_seconds_total: counter(
    'Time polled for an idle virtual CPU in vain',
    SECONDS,
  ),
  libvirt_domain_vcpu_current: gauge('Virtual CPUs in use'),
  libvirt_domain_vcpu_maximum: gauge('Virtual CPUs that the domain may be given'),
  libvirt_domain_vcpu_state: gauge(
    'State of a virtual CPU: 0 is offline, 1 runs, 2 is blocked',
    VCPU,
  ),
  libvirt_domain_vcpu_time_seconds_total: counter('CPU time used by a virtual CPU', {
    ...SECONDS,
    ...VCPU,
  }),
  libvirt_domain_vcpu_wait_seconds_total: counter(
    'Time in which a virtual CPU wanted to run, by the statistics of the scheduler, where it keeps them',
    { ...SECONDS, ...VCPU },
  ),
  libvirt_domain_vcpu_delay_seconds_total: counter(
    'Time in which a virtual CPU wanted to run and the host did not let it',
    { ...SECONDS, ...VCPU },
  ),
  libvirt_domain_dirty_rate_bytes_per_second: gauge(
    'Memory that the guest wrote to, as somebody last had it measured',
  ),
});

/** The balloon and what the guest tells through it, by name. */
export const LIBVIRT_MEMORY = metricSet(SET, {
  libvirt_domain_memory_stats_current_balloon_bytes: gauge(
    'Memory that the balloon leaves to the guest: an allocation, no use',
    BYTES,
  ),
  libvirt_domain_memory_stats_maximum_bytes: gauge('Memory that the guest may be given', BYTES),
  libvirt_domain_memory_stats_rss_bytes: gauge(
    'Resident memory of the emulator on the host',
    BYTES,
  ),
  libvirt_domain_memory_stats_available_bytes: gauge("The guest's MemTotal", BYTES),
  libvirt_domain_memory_stats_unused_bytes: gauge("The guest's MemFree", BYTES),
  libvirt_domain_memory_stats_usable_bytes: gauge("The guest's MemAvailable", BYTES),
  libvirt_domain_memory_stats_disk_caches_bytes: gauge("The guest's page cache", BYTES),
  libvirt_domain_memory_stats_swap_in_bytes: counter('Bytes that the guest read from swap', BYTES),
  libvirt_domain_memory_stats_swap_out_bytes: counter('Bytes that the guest wrote to swap', BYTES),
  libvirt_domain_memory_stats_major_fault_total: counter(
    "The guest's page faults that needed its disk",
  ),
  libvirt_domain_memory_stats_minor_fault_total: counter(
    "The guest's page faults; Linux counts the major ones among them",
  ),
  libvirt_domain_memory_stats_hugetlb_pgalloc_total: counter('Huge pages that the guest allocated'),
  libvirt_domain_memory_stats_hugetlb_pgfail_total: counter(
    'Huge pages that the guest wanted in vain',
  ),
  libvirt_domain_memory_stats_last_update_timestamp_seconds: gauge(
    'Unix time at which the guest last told of its memory',
    { unit: 's' },
  ),
});
