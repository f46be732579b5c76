/**
 * The methods of the CRI that this project speaks, for a client and for a server:
 * our own minimal definition of runtime.v1, by the standard's field numbers.
 */
import { Container, ContainerFilter, PodSandbox, PodSandboxFilter } from './containers.ts';
import {
  bool,
  type Fields,
  labels,
  type MessageType,
  message,
  nested,
  repeated,
  string,
} from './message.ts';
import { MetricDescriptor, PodSandboxMetrics } from './metrics.ts';
import {
  ContainerStats,
  ContainerStatsFilter,
  FilesystemUsage,
  PodSandboxStats,
  PodSandboxStatsFilter,
} from './stats.ts';

const RuntimeCondition = message('RuntimeCondition', {
  type: string(1),
  status: bool(2),
  reason: string(3),
  message: string(4),
});
const RuntimeStatus = message('RuntimeStatus', { conditions: repeated(1, RuntimeCondition) });

/** What a method is asked with and answers with; all are unary. */
export interface Method<
  Request extends MessageType<Fields> = MessageType<Fields>,
  Response extends MessageType<Fields> = MessageType<Fields>,
> {
  /** On the wire, such as `/runtime.v1.RuntimeService/Version`. */
  readonly path: string;
  readonly request: Request;
  readonly response: Response;
}

/** The methods by name, each with the fields that it is asked with and those of its answer. */
export const METHODS = {
  Version: runtime(
    'Version',
    { version: string(1) },
    {
      version: string(1),
      runtime_name: string(2),
      runtime_version: string(3),
      runtime_api_version: string(4),
    },
  ),
  Status: runtime(
    'Status',
    { verbose: bool(1) },
    { status: nested(1, RuntimeStatus), info: labels(2) },
  ),
  ListContainers: runtime(
    'ListContainers',
    { filter: nested(1, ContainerFilter) },
    { containers: repeated(1, Container) },
  ),
  ListPodSandbox: runtime(
    'ListPodSandbox',
    { filter: nested(1, PodSandboxFilter) },
    { items: repeated(1, PodSandbox) },
  ),
  ContainerStats: runtime(
    'ContainerStats',
    { container_id: string(1) },
    { stats: nested(1, ContainerStats) },
  ),
  ListContainerStats: runtime(
    'ListContainerStats',
    { filter: nested(1, ContainerStatsFilter) },
    { stats: repeated(1, ContainerStats) },
  ),
  PodSandboxStats: runtime(
    'PodSandboxStats',
    { pod_sandbox_id: string(1) },
    { stats: nested(1, PodSandboxStats) },
  ),
  ListPodSandboxStats: runtime(
    'ListPodSandboxStats',
    { filter: nested(1, PodSandboxStatsFilter) },
    { stats: repeated(1, PodSandboxStats) },
  ),
  ListMetricDescriptors: runtime(
    'ListMetricDescriptors',
    {},
    { descriptors: repeated(1, MetricDescriptor) },
  ),
  ListPodSandboxMetrics: runtime(
    'ListPodSandboxMetrics',
    {},
    { pod_metrics: repeated(1, PodSandboxMetrics) },
  ),
  /** crictl asks for it before it lists. */
  ImageFsInfo: method(
    'ImageService',
    'ImageFsInfo',
    {},
    { image_filesystems: repeated(1, FilesystemUsage) },
  ),
} as const satisfies Readonly<Record<string, Method>>;

/** The name of a method. */
export type MethodName = keyof typeof METHODS;

/**
 * The methods that a runtime is asked, those that this project does not serve among them; a verbose
 * `info` is JSON by name, of the runtime's own making.
 */
export const ASKED_METHODS = {
  ...METHODS,
  ContainerStatus: runtime(
    'ContainerStatus',
    { container_id: string(1), verbose: bool(2) },
    { info: labels(2) },
  ),
  PodSandboxStatus: runtime(
    'PodSandboxStatus',
    { pod_sandbox_id: string(1), verbose: bool(2) },
    { info: labels(2) },
  ),
} as const satisfies Readonly<Record<string, Method>>;

/** The name of a method that a runtime is asked. */
export type AskedName = keyof typeof ASKED_METHODS;

function runtime<Request extends Fields, Response extends Fields>(
  name: string,
  request: Request,
  response: Response,
) {
  return method('RuntimeService', name, request, response);
}

function method<Request extends Fields, Response extends Fields>(
  service: string,
  name: string,
  request: Request,
  response: Response,
): Method<MessageType<Request>, MessageType<Response>> {
  return {
    path: `/runtime.v1.${service}/${name}`,
    request: message(`${name}Request`, request),
    response: message(`${name}Response`, response),
  };
}
