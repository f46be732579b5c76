import { counter, gauge, histogram, metricSet } from './metric.ts';

const ITEM = { labels: ['item'] } as const;
const ACTION = { labels: ['action'], unit: 'ms' } as const;
const SECONDS = { valueType: 'double' } as const;
const NETDEV = { labels: ['interface', 'item'] } as const;

/** The shim of a sandbox, by name: a process of the host. */
export const KATA_SHIM = metricSet('kata_shim', {
  kata_shim_threads: gauge('Threads of the shim'),
  kata_shim_fds: gauge('File descriptors open in the shim'),
  kata_shim_io_stat: counter(
    'Reads and writes of the shim: bytes, and calls for syscr and syscw',
    ITEM,
  ),
  kata_shim_netdev: counter(
    'Network interfaces that the shim sees, where it has a network namespace of its own',
    NETDEV,
  ),
  kata_shim_proc_stat: counter(
    'CPU time of the shim in seconds, its own and that of its ended children',
    { ...ITEM, ...SECONDS },
  ),
  kata_shim_proc_status: gauge('Memory of the shim in bytes; context switches so far', ITEM),
  kata_shim_pod_overhead_cpu: gauge(
    'CPU that the sandbox costs beside what its containers use, in percent of one core',
    SECONDS,
  ),
  kata_shim_pod_overhead_memory_in_bytes: gauge(
    'Memory that the sandbox costs beside what its containers use',
    { unit: 'By' },
  ),
  kata_shim_rpc_durations_histogram_milliseconds: histogram(
    'Time that calls of the shim took',
    ACTION,
  ),
  kata_shim_agent_rpc_durations_histogram_milliseconds: histogram(
    'Time that calls of the agent took',
    ACTION,
  ),
});

/** virtiofsd, which serves files to the guest: a process of the host. */
export const KATA_VIRTIOFSD = metricSet('kata_virtiofsd', {
  kata_virtiofsd_threads: gauge('Threads of virtiofsd'),
  kata_virtiofsd_fds: gauge('File descriptors open in virtiofsd'),
  kata_virtiofsd_io_stat: counter(
    'Reads and writes of virtiofsd: bytes, and calls for syscr and syscw',
    ITEM,
  ),
  kata_virtiofsd_proc_stat: counter(
    'CPU time of virtiofsd in seconds, its own and that of its ended children',
    { ...ITEM, ...SECONDS },
  ),
  kata_virtiofsd_proc_status: gauge('Memory of virtiofsd in bytes; context switches so far', ITEM),
});
