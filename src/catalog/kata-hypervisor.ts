import { counter, gauge, metricSet } from './metric.ts';

const ITEM = { labels: ['item'] } as const;

/** The hypervisor of a sandbox, by name: a process of the host, or with Dragonball a part of the shim. */
export const KATA_HYPERVISOR = metricSet('kata_hypervisor', {
  kata_hypervisor_threads: gauge('Threads of the hypervisor'),
  kata_hypervisor_fds: gauge('File descriptors open in the hypervisor'),
  kata_hypervisor_io_stat: counter(
    'Reads and writes of the hypervisor: bytes, and calls for syscr and syscw',
    ITEM,
  ),
  kata_hypervisor_netdev: counter(
    "Network interfaces of the pod's namespace on the host: its link and the tap to the guest",
    { labels: ['interface', 'item'] },
  ),
  kata_hypervisor_proc_stat: counter(
    'CPU time of the hypervisor in seconds, its own and that of its ended children',
    { ...ITEM, valueType: 'double' },
  ),
  kata_hypervisor_proc_status: gauge(
    'Memory of the hypervisor in bytes; context switches so far',
    ITEM,
  ),
  kata_hypervisor_scrape_count: counter('How often Dragonball was asked for its figures'),
  kata_hypervisor_vcpu: counter('Exits and failures of the virtual CPUs of Dragonball', {
    labels: ['cpu_id', 'item'],
  }),
  kata_hypervisor_seccomp: counter('Calls that seccomp forbade to Dragonball', ITEM),
  kata_hypervisor_signals: counter('Signals SIGBUS and SIGSEGV that Dragonball got', ITEM),
});
