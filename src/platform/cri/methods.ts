/**
 * The methods of the CRI that this project speaks, for a client and for a server:
 * our own minimal definition of runtime.v1, by the standard's field numbers.
 */
import {
  ContainerStatusRequest,
  ContainerStatusResponse,
  ListContainersRequest,
  ListContainersResponse,
  ListPodSandboxRequest,
  ListPodSandboxResponse,
  PodSandboxStatusRequest,
  PodSandboxStatusResponse,
} from './containers.ts';
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
import {
  ListMetricDescriptorsRequest,
  ListMetricDescriptorsResponse,
  ListPodSandboxMetricsRequest,
  ListPodSandboxMetricsResponse,
} from './metrics.ts';
import {
  ContainerStatsRequest,
  ContainerStatsResponse,
  FilesystemUsage,
  ListContainerStatsRequest,
  ListContainerStatsResponse,
  ListPodSandboxStatsRequest,
  ListPodSandboxStatsResponse,
  PodSandboxStatsRequest,
  PodSandboxStatsResponse,
} from './stats.ts';

const VersionRequest = message('VersionRequest', { version: string(1) });
const VersionResponse = message('VersionResponse', {
  version: string(1),
  runtime_name: string(2),
  runtime_version: string(3),
  runtime_api_version: string(4),
});

const RuntimeCondition = message('RuntimeCondition', {
  type: string(1),
  status: bool(2),
  reason: string(3),
  message: string(4),
});
const RuntimeStatus = message('RuntimeStatus', { conditions: repeated(1, RuntimeCondition) });
const StatusRequest = message('StatusRequest', { verbose: bool(1) });
const StatusResponse = message('StatusResponse', {
  status: nested(1, RuntimeStatus),
  info: labels(2),
});

const ImageFsInfoRequest = message('ImageFsInfoRequest', {});
const ImageFsInfoResponse = message('ImageFsInfoResponse', {
  image_filesystems: repeated(1, FilesystemUsage),
});

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

/** The methods by name; the last is of the ImageService, which crictl asks before it lists. */
export const METHODS = {
  Version: runtime('Version', VersionRequest, VersionResponse),
  Status: runtime('Status', StatusRequest, StatusResponse),
  ListContainers: runtime('ListContainers', ListContainersRequest, ListContainersResponse),
  ListPodSandbox: runtime('ListPodSandbox', ListPodSandboxRequest, ListPodSandboxResponse),
  ContainerStats: runtime('ContainerStats', ContainerStatsRequest, ContainerStatsResponse),
  ListContainerStats: runtime(
    'ListContainerStats',
    ListContainerStatsRequest,
    ListContainerStatsResponse,
  ),
  PodSandboxStats: runtime('PodSandboxStats', PodSandboxStatsRequest, PodSandboxStatsResponse),
  ListPodSandboxStats: runtime(
    'ListPodSandboxStats',
    ListPodSandboxStatsRequest,
    ListPodSandboxStatsResponse,
  ),
  ListMetricDescriptors: runtime(
    'ListMetricDescriptors',
    ListMetricDescriptorsRequest,
    ListMetricDescriptorsResponse,
  ),
  ListPodSandboxMetrics: runtime(
    'ListPodSandboxMetrics',
    ListPodSandboxMetricsRequest,
    ListPodSandboxMetricsResponse,
  ),
  ImageFsInfo: {
    path: '/runtime.v1.ImageService/ImageFsInfo',
    request: ImageFsInfoRequest,
    response: ImageFsInfoResponse,
  },
} as const satisfies Readonly<Record<string, Method>>;

/** The name of a method. */
export type MethodName = keyof typeof METHODS;

/** The methods that a runtime is asked, those that this project does not serve among them. */
export const ASKED_METHODS = {
  ...METHODS,
  ContainerStatus: runtime('ContainerStatus', ContainerStatusRequest, ContainerStatusResponse),
  PodSandboxStatus: runtime('PodSandboxStatus', PodSandboxStatusRequest, PodSandboxStatusResponse),
} as const satisfies Readonly<Record<string, Method>>;

/** The name of a method that a runtime is asked. */
export type AskedName = keyof typeof ASKED_METHODS;

function runtime<Request extends MessageType<Fields>, Response extends MessageType<Fields>>(
  name: string,
  request: Request,
  response: Response,
): Method<Request, Response> {
  return { path: `/runtime.v1.RuntimeService/${name}`, request, response };
}
