import { gauge, metricSet } from './metric.ts';

/** Parts of Firecracker; it tells what each did since the last time that it told. */
const PARTS: readonly (readonly [part: string, help: string])[] = [
  ['api_server', 'API server, and how long the start took'],
  ['block', 'Block devices'],
  ['get_api_requests', 'GET requests to the API'],
  ['i8042', 'i8042 device'],
  ['latencies_us', 'How long snapshots, pausing and resuming took, in microseconds'],
  ['logger', 'Logging'],
  ['mmds', 'Metadata service'],
  ['net', 'Network devices'],
  ['patch_api_requests', 'PATCH requests to the API'],
  ['put_api_requests', 'PUT requests to the API'],
  ['rtc', 'Clock device'],
  ['seccomp', 'Calls that seccomp forbade'],
  ['signals', 'Signals SIGBUS and SIGSEGV'],
  ['uart', 'UART device'],
  ['vcpu', 'Exits and failures of the virtual CPUs'],
  ['vmm', 'Events of devices, and panics'],
  ['vsock', 'Vsock device'],
];

/** Firecracker's own figures through the Go shim, by name: of its last report, not since its start. */
export const KATA_FIRECRACKER = metricSet(
  'kata_firecracker',
  Object.fromEntries(
    PARTS.map(([part, help]) => {
      const unit = part.endsWith('_us') ? 'us' : '';
      const text = `${help}, in the last report of Firecracker`;
      return [`kata_firecracker_${part}`, gauge(text, { labels: ['item'], unit })];
    }),
  ),
);
