import { counter, gauge, metricSet } from './metric.ts';

const ITEM = { labels: ['item'] } as const;
const SECONDS = { valueType: 'double' } as const;
const FILE_SYSTEM = { labels: ['mount', 'device', 'item'] } as const;

/** The kernel of the guest, by name: all that runs in the sandbox, and what runs it there. */
export const KATA_GUEST = metricSet('kata_guest', {
  kata_guest_load: gauge('Load averages of the guest', {
    ...ITEM,
    ...SECONDS,
  }),
  kata_guest_tasks: gauge('Tasks of the guest: cur is runnable, max is all', ITEM),
  kata_guest_cpu_time: counter(
    'CPU time of the guest in seconds; guest and guest_nice are also in user and nice',
    { labels: ['cpu', 'item'], ...SECONDS },
  ),
  kata_guest_vm_stat: gauge(
    "Lines of the guest's /proc/vmstat: nr_* are pages, others counts so far",
    ITEM,
  ),
  kata_guest_netdev_stat: counter('Network interfaces of the guest', {
    labels: ['interface', 'item'],
  }),
  kata_guest_diskstat: gauge(
    'Disks of the guest so far: requests, sectors of 512 bytes, seconds; in_progress is now',
    { labels: ['disk', 'item'], ...SECONDS },
  ),
  kata_guest_meminfo: gauge('Memory of the guest in bytes; hugepages_* are counts', ITEM),
  kata_guest_filesystem_bytes: gauge(
    'Room on file systems of the guest; available is free, root reserve included',
    { ...FILE_SYSTEM, unit: 'By' },
  ),
  kata_guest_filesystem_inodes: gauge('Inodes on file systems of the guest', FILE_SYSTEM),
});

/** Kata's agent, by name: a process of the guest. */
export const KATA_AGENT = metricSet('kata_agent', {
  kata_agent_scrape_count: counter('How often the agent was asked for its figures'),
  kata_agent_threads: gauge('Threads of the agent'),
  kata_agent_total_time: counter('CPU time of the agent in seconds', SECONDS),
  kata_agent_total_vm: gauge('Address space of the agent in bytes'),
  kata_agent_total_rss: gauge('Memory of the agent that is resident, in bytes'),
  kata_agent_io_stat: counter(
    'Reads and writes of the agent: bytes, and calls for syscr and syscw',
    ITEM,
  ),
  kata_agent_proc_stat: counter(
    'CPU time of the agent in seconds, its own and that of its ended children',
    { ...ITEM, ...SECONDS },
  ),
  kata_agent_proc_status: gauge('Memory of the agent in bytes; context switches so far', ITEM),
});
