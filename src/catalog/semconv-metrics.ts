import {
  METRIC_CONTAINER_CPU_TIME,
  METRIC_CONTAINER_CPU_USAGE,
  METRIC_CONTAINER_DISK_IO,
  METRIC_CONTAINER_FILESYSTEM_CAPACITY,
  METRIC_CONTAINER_FILESYSTEM_USAGE,
  METRIC_CONTAINER_MEMORY_AVAILABLE,
  METRIC_CONTAINER_MEMORY_RSS,
  METRIC_CONTAINER_MEMORY_USAGE,
  METRIC_CONTAINER_MEMORY_WORKING_SET,
  METRIC_CONTAINER_NETWORK_IO,
  METRIC_CONTAINER_PAGING_FAULTS,
  METRIC_CONTAINER_UPTIME,
  METRIC_K8S_CONTAINER_CPU_LIMIT_CURRENT,
  METRIC_K8S_CONTAINER_MEMORY_LIMIT_CURRENT,
  METRIC_K8S_NODE_CPU_TIME,
  METRIC_K8S_NODE_CPU_USAGE,
  METRIC_K8S_NODE_MEMORY_AVAILABLE,
  METRIC_K8S_NODE_MEMORY_RSS,
  METRIC_K8S_NODE_MEMORY_USAGE,
  METRIC_K8S_NODE_MEMORY_WORKING_SET,
  METRIC_K8S_NODE_NETWORK_ERRORS,
  METRIC_K8S_NODE_NETWORK_IO,
  METRIC_K8S_NODE_PAGING_FAULTS,
  METRIC_K8S_NODE_UPTIME,
  METRIC_K8S_POD_CPU_TIME,
  METRIC_K8S_POD_CPU_USAGE,
  METRIC_K8S_POD_MEMORY_AVAILABLE,
  METRIC_K8S_POD_MEMORY_RSS,
  METRIC_K8S_POD_MEMORY_USAGE,
  METRIC_K8S_POD_MEMORY_WORKING_SET,
  METRIC_K8S_POD_NETWORK_ERRORS,
  METRIC_K8S_POD_NETWORK_IO,
  METRIC_K8S_POD_PAGING_FAULTS,
  METRIC_K8S_POD_UPTIME,
} from '@opentelemetry/semantic-conventions/incubating';
import type { Descriptor } from '../pdata/descriptor.ts';

/** What a convention is about: an OpenTelemetry entity. */
export type Entity = 'container' | 'k8s.container' | 'k8s.pod' | 'k8s.node';

/** The same measure of several entities, each under its own name. */
export type Conventions = Readonly<Partial<Record<Entity, Descriptor>>>;

/**
 * The conventions that sandgauge has numbers for. The npm package has their names; instruments and
 * units are those of the registry that it was made from.
 */
export const SEMCONV = {
  cpuTime: ofEach(
    [METRIC_CONTAINER_CPU_TIME, METRIC_K8S_POD_CPU_TIME, METRIC_K8S_NODE_CPU_TIME],
    (name) => counter(name, 's', 'CPU time used', 'double'),
  ),
  cpuUsage: ofEach(
    [METRIC_CONTAINER_CPU_USAGE, METRIC_K8S_POD_CPU_USAGE, METRIC_K8S_NODE_CPU_USAGE],
    (name) => describe(name, '{cpu}', 'CPUs in use', 'gauge', 'double'),
  ),
  memoryUsage: ofEach(
    [METRIC_CONTAINER_MEMORY_USAGE, METRIC_K8S_POD_MEMORY_USAGE, METRIC_K8S_NODE_MEMORY_USAGE],
    (name) => upDownCounter(name, 'By', 'Memory used, page cache included'),
  ),
  memoryWorkingSet: ofEach(
    [
      METRIC_CONTAINER_MEMORY_WORKING_SET,
      METRIC_K8S_POD_MEMORY_WORKING_SET,
      METRIC_K8S_NODE_MEMORY_WORKING_SET,
    ],
    (name) => upDownCounter(name, 'By', 'Memory used less inactive page cache'),
  ),
  memoryAvailable: ofEach(
    [
      METRIC_CONTAINER_MEMORY_AVAILABLE,
      METRIC_K8S_POD_MEMORY_AVAILABLE,
      METRIC_K8S_NODE_MEMORY_AVAILABLE,
    ],
    (name) => upDownCounter(name, 'By', 'Memory limit less the working set'),
  ),
  memoryRss: ofEach(
    [METRIC_CONTAINER_MEMORY_RSS, METRIC_K8S_POD_MEMORY_RSS, METRIC_K8S_NODE_MEMORY_RSS],
    (name) => upDownCounter(name, 'By', 'Anonymous memory'),
  ),
  pagingFaults: ofEach(
    [METRIC_CONTAINER_PAGING_FAULTS, METRIC_K8S_POD_PAGING_FAULTS, METRIC_K8S_NODE_PAGING_FAULTS],
    (name) => counter(name, '{fault}', 'Page faults'),
  ),
  diskIo: { container: counter(METRIC_CONTAINER_DISK_IO, 'By', 'Bytes read and written') },
  filesystemUsage: {
    container: upDownCounter(
      METRIC_CONTAINER_FILESYSTEM_USAGE,
      'By',
      'Bytes in the writable layer',
    ),
  },
  filesystemCapacity: {
    container: upDownCounter(
      METRIC_CONTAINER_FILESYSTEM_CAPACITY,
      'By',
      'Size of the file system that holds the writable layer',
    ),
  },
  networkIo: ofEach(
    [METRIC_CONTAINER_NETWORK_IO, METRIC_K8S_POD_NETWORK_IO, METRIC_K8S_NODE_NETWORK_IO],
    (name) => counter(name, 'By', 'Bytes received and transmitted'),
  ),
  networkErrors: {
    'k8s.pod': counter(METRIC_K8S_POD_NETWORK_ERRORS, '{error}', 'Network errors'),
    'k8s.node': counter(METRIC_K8S_NODE_NETWORK_ERRORS, '{error}', 'Network errors'),
  },
  uptime: ofEach([METRIC_CONTAINER_UPTIME, METRIC_K8S_POD_UPTIME, METRIC_K8S_NODE_UPTIME], (name) =>
    describe(name, 's', 'Time since the start', 'gauge', 'double'),
  ),
  cpuLimit: {
    'k8s.container': upDownCounter(
      METRIC_K8S_CONTAINER_CPU_LIMIT_CURRENT,
      '{cpu}',
      'CPUs that the container may use',
      'double',
    ),
  },
  memoryLimit: {
    'k8s.container': upDownCounter(
      METRIC_K8S_CONTAINER_MEMORY_LIMIT_CURRENT,
      'By',
      'Memory that the container may use',
    ),
  },
} as const satisfies Record<string, Conventions>;

type ValueType = Descriptor['valueType'];

function ofEach(
  names: readonly [string, string, string],
  make: (name: string) => Descriptor,
): Readonly<Record<'container' | 'k8s.pod' | 'k8s.node', Descriptor>> {
  const [container, pod, node] = names;
  return { container: make(container), 'k8s.pod': make(pod), 'k8s.node': make(node) };
}

function counter(name: string, unit: string, help: string, valueType?: ValueType): Descriptor {
  return describe(name, unit, help, 'counter', valueType);
}

function upDownCounter(
  name: string,
  unit: string,
  help: string,
  valueType?: ValueType,
): Descriptor {
  return describe(name, unit, help, 'updowncounter', valueType);
}

function describe(
  name: string,
  unit: string,
  help: string,
  instrument: 'counter' | 'updowncounter' | 'gauge',
  valueType: ValueType = 'int',
): Descriptor {
  const isSum = instrument !== 'gauge';
  return Object.freeze({
    ...{ name, unit, help, valueType, timed: true },
    type: isSum ? 'sum' : 'gauge',
    monotonic: instrument === 'counter',
    temporality: isSum ? 'cumulative' : 'unspecified',
  });
}
