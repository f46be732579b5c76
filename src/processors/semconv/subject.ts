import {
  ATTR_CONTAINER_ID,
  ATTR_CONTAINER_IMAGE_ID,
  ATTR_CONTAINER_IMAGE_NAME,
  ATTR_CONTAINER_NAME,
  ATTR_K8S_CONTAINER_NAME,
  ATTR_K8S_NAMESPACE_NAME,
  ATTR_K8S_NODE_NAME,
  ATTR_K8S_POD_NAME,
  ATTR_K8S_POD_UID,
} from '@opentelemetry/semantic-conventions/incubating';
import type { Entity } from '../../catalog/semconv-metrics.ts';
import type { Labels } from '../../pdata/series.ts';
import { parseCgroupPath } from '../../workload/cgroup-path.ts';
import type { Workload } from '../../workload/workload.ts';
import { parseImage } from './image.ts';

/** What the rows of a workload are about. */
export interface Subject {
  /** None for slices and bare cgroups: they are no containers. */
  readonly entities: readonly Entity[];
  /** Resource attributes beside the node's. */
  readonly attributes: Labels;
  /** Labels that stay on the points. */
  readonly identity: Labels;
}

const IDENTITY = ['container', 'id', 'image', 'name', 'namespace', 'pod'] as const;
/** What CRI-O and Docker call a sandbox; no container of a pod can have this name. */
const SANDBOX = 'POD';
const HASH = /^[0-9a-f]{64}$/;

/** The labels of the cadvisor dialect; "" is unknown. */
type Identity = Readonly<Record<(typeof IDENTITY)[number], string>>;

/** Reads what a row is about from its labels; `node` are the attributes of its resource. */
export function subjectOf(labels: Labels, node: Labels): Subject {
  const identity = identityOf(labels);
  const path = parseCgroupPath(identity.id);
  if (path.kind === 'node') {
    const isKnown = node[ATTR_K8S_NODE_NAME] !== undefined;
    return isKnown ? about(labels, ['k8s.node'], {}) : about(labels, [], {});
  }
  if (isContainer(identity, path)) {
    const container = identity.container === SANDBOX ? '' : identity.container;
    const isOfPod = container !== '' && identity.pod !== '';
    return about(labels, isOfPod ? ['container', 'k8s.container'] : ['container'], {
      ...containerOf(identity, path),
      ...podAttributes(identity, path),
      [ATTR_K8S_CONTAINER_NAME]: container,
    });
  }
  if (path.kind === 'pod' || identity.pod !== '') {
    return about(labels, ['k8s.pod'], podAttributes(identity, path));
  }
  return about(labels, [], {});
}

/** The pod that a container is in, whose network its sandbox' rows tell; undefined outside of pods. */
export function podOf(labels: Labels): Subject | undefined {
  const identity = identityOf(labels);
  const path = parseCgroupPath(identity.id);
  if (identity.pod === '' && path.podUid === undefined) return undefined;
  return about(labels, ['k8s.pod'], podAttributes(identity, path));
}

function about(labels: Labels, entities: readonly Entity[], attributes: Labels): Subject {
  const told: readonly string[] = entities.length === 0 ? [] : IDENTITY;
  const kept = Object.entries(labels).filter(([key]) => !told.includes(key));
  return {
    entities,
    attributes: withoutEmpty(Object.entries(attributes)),
    identity: withoutEmpty(kept),
  };
}

function withoutEmpty(entries: readonly (readonly [string, string])[]): Labels {
  return Object.freeze(Object.fromEntries(entries.filter(([, value]) => value !== '')));
}

function identityOf(labels: Labels): Identity {
  return Object.fromEntries(IDENTITY.map((key) => [key, labels[key] ?? ''])) as Identity;
}

function isContainer({ container, image, name }: Identity, path: Workload): boolean {
  return path.kind === 'container' || `${container}${image}${name}` !== '';
}

function podAttributes({ namespace, pod }: Identity, { podUid = '' }: Workload): Labels {
  return {
    [ATTR_K8S_NAMESPACE_NAME]: namespace,
    [ATTR_K8S_POD_NAME]: pod,
    [ATTR_K8S_POD_UID]: podUid,
  };
}

/** The name of a container without another is its id: containerd's, and runsc's own. */
function containerOf({ id, image, name }: Identity, path: Workload): Labels {
  const leaf = id.slice(id.lastIndexOf('/') + 1);
  const isId = HASH.test(leaf) || leaf === name;
  const containerId = path.containerId ?? (isId ? leaf : '');
  const parsed = parseImage(image);
  return {
    [ATTR_CONTAINER_ID]: containerId,
    [ATTR_CONTAINER_NAME]: name === containerId ? '' : name,
    [ATTR_CONTAINER_IMAGE_NAME]: parsed.name,
    [ATTR_CONTAINER_IMAGE_ID]: parsed.id,
  };
}
